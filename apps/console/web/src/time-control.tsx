/** One control for all pages: a window of time, and a moment in it. Its state is the address. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useAnswer, routerPath, type MassAnswer, type SeriesAnswer, type SnapshotsAnswer } from './api.ts';
import { clock, dateTime, duration, here, momentIn } from './format.ts';
import { useZone } from './link.tsx';
import { iso, rangeOf, useNavigation, windows, type WindowName, type ZoneChoice } from './view.ts';

const speeds = [1, 10, 60, 300, 1_800] as const;

export function TimeControl({
  router,
  routerZone,
}: {
  readonly router: string | undefined;
  readonly routerZone: string | undefined;
}) {
  const { view, change } = useNavigation();
  const zone = useZone();
  const at = view.at ?? view.to;
  const look = (ms: number, replace = false): void => {
    const bounded = Math.min(Math.max(ms, view.from), view.to);
    change({ at: iso(bounded), from: iso(view.from), to: iso(view.to) }, replace);
  };
  return (
    <section className="time-control" aria-label="Time">
      <div className="time-row">
        <WindowChoice />
        <Steps router={router} at={at} look={look} />
        <p className="time-now" aria-live="off">
          {view.live ? (
            <b>
              <span className="live-dot" aria-hidden="true" /> Live
            </b>
          ) : (
            <b>{dateTime(at, zone)}</b>
          )}
        </p>
        <ZonePicker routerZone={routerZone} />
      </div>
      <Track router={router} at={at} look={look} />
    </section>
  );
}

function WindowChoice() {
  const { view, change } = useNavigation();
  const zone = useZone();
  const fixed = view.parameters.has('from');
  const width = view.to - view.from;
  const move = (by: number): void => {
    const to = Math.min(view.to + by, Date.now());
    change({ from: iso(to - width), to: iso(to), at: null });
  };
  return (
    <div className="group">
      <button
        type="button"
        aria-label="An earlier window"
        title={`${duration(width)} earlier`}
        onClick={() => move(-width)}
      >
        «
      </button>
      <select
        aria-label="Window"
        value={fixed ? 'fixed' : view.windowName}
        onChange={(event) => change({ w: event.target.value, from: null, to: null, at: null })}
      >
        {(Object.keys(windows) as WindowName[]).map((name) => (
          <option key={name} value={name}>
            last {name}
          </option>
        ))}
        {fixed && <option value="fixed">{duration(width)}</option>}
      </select>
      <button
        type="button"
        aria-label="A later window"
        title={`${duration(width)} later`}
        onClick={() => move(width)}
        disabled={view.live}
      >
        »
      </button>
      <details className="popover">
        <summary>From … to</summary>
        <RangeForm key={`${view.from} ${view.to} ${zone}`} />
      </details>
      <button type="button" onClick={() => change({ at: null, from: null, to: null })} disabled={view.live}>
        Live
      </button>
    </div>
  );
}

function RangeForm() {
  const { view, change } = useNavigation();
  const zone = useZone();
  const text = (ms: number): string => dateTime(ms, zone).replace(' ', 'T');
  const [from, setFrom] = useState(text(view.from));
  const [to, setTo] = useState(text(view.to));
  const [begin, end] = [momentIn(from, zone), momentIn(to, zone)];
  const good = begin < end;
  return (
    <form
      className="popover-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (good) change({ from: iso(begin), to: iso(end), at: null });
      }}
    >
      <label>
        From
        <input type="datetime-local" step="1" value={from} onChange={(e) => setFrom(e.target.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" step="1" value={to} onChange={(e) => setTo(e.target.value)} />
      </label>
      <p className="quiet">{good ? `In ${zone}.` : 'The begin must be before the end.'}</p>
      <button type="submit" disabled={!good}>
        Show
      </button>
    </form>
  );
}

interface Looking {
  readonly router: string | undefined;
  readonly at: number;
  readonly look: (ms: number, replace?: boolean) => void;
}

/** From snapshot to snapshot, and history played. */
function Steps({ router, at, look }: Looking) {
  const { view } = useNavigation();
  const path = router === undefined ? '/api/snapshots' : `${routerPath(router)}/snapshots`;
  const snapshots = useAnswer<SnapshotsAnswer>(path, { ...rangeOf(view), outcome: 'applied', limit: 5_000 });
  const times = useMemo(
    () => [...new Set(snapshots.data?.snapshots.map((s) => Date.parse(s.at)) ?? [])].sort((a, b) => a - b),
    [snapshots.data],
  );
  const before = times.findLast((t) => t < at);
  const after = times.find((t) => t > at);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(60);
  const moving = useRef({ at, look, to: view.to });
  moving.current = { at, look, to: view.to };
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      const { at: now, look: show, to } = moving.current;
      if (now >= to) setPlaying(false);
      else show(now + speed * 500, true);
    }, 500);
    return () => clearInterval(timer);
  }, [playing, speed]);
  const play = (): void => {
    if (!playing && at >= view.to) look(view.from);
    setPlaying(!playing);
  };
  const what = router === undefined ? 'any router' : router;
  return (
    <div className="group">
      <button
        type="button"
        disabled={before === undefined}
        aria-label="The snapshot before"
        title={`The snapshot before, of ${what}`}
        onClick={() => before !== undefined && look(before)}
      >
        ◂
      </button>
      <button
        type="button"
        aria-pressed={playing}
        aria-label={playing ? 'Stop playing' : 'Play history'}
        onClick={play}
      >
        {playing ? '❚❚' : '▶'}
      </button>
      <button
        type="button"
        disabled={after === undefined}
        aria-label="The snapshot behind"
        title={`The next snapshot, of ${what}`}
        onClick={() => after !== undefined && look(after)}
      >
        ▸
      </button>
      <select aria-label="Speed" value={speed} onChange={(e) => setSpeed(Number(e.target.value))}>
        {speeds.map((s) => (
          <option key={s} value={s}>
            {s}×
          </option>
        ))}
      </select>
    </div>
  );
}

/** The window with its sessions, mass events, and the moment as a slider. */
function Track({ router, at, look }: Looking) {
  const { view } = useNavigation();
  const zone = useZone();
  const width = view.to - view.from;
  const series = useAnswer<SeriesAnswer>('/api/fleet/series', {
    ...rangeOf(view),
    by: 'fleet',
    ...(router === undefined ? {} : { router }),
  });
  const mass = useAnswer<MassAnswer>('/api/fleet/mass-events', rangeOf(view));
  const events = mass.data?.events.filter((e) => router === undefined || e.router === router) ?? [];
  const [dragged, setDragged] = useState<number | null>(null);
  const shownAt = dragged ?? at;
  const place = (ms: number): number => ((ms - view.from) / width) * 1_000;
  return (
    <div className="track">
      <svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true">
        <path className="track-area" d={areaOf(series.data, place)} />
        {events.map((e, i) => (
          <rect
            key={`${e.at} ${e.router} ${e.kind} ${i}`}
            className="track-mark"
            x={place(Date.parse(e.at)) - 1}
            y="0"
            width="2.5"
            height="40"
          />
        ))}
        <rect className="track-moment" x={place(shownAt) - 1} y="0" width="2" height="40" />
      </svg>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={dateTime(shownAt, zone)}
        min={view.from}
        max={view.to}
        step={Math.max(1_000, Math.round(width / 2_000))}
        value={shownAt}
        onChange={(e) => setDragged(Number(e.target.value))}
        onPointerUp={() => settle()}
        onKeyUp={() => settle()}
        onBlur={() => settle()}
      />
      <div className="track-ends" aria-hidden="true">
        <span>{ends(view.from, width, zone)}</span>
        <span>{dragged === null ? '' : dateTime(dragged, zone)}</span>
        <span>{view.live ? 'now' : ends(view.to, width, zone)}</span>
      </div>
    </div>
  );

  function settle(): void {
    if (dragged !== null) look(dragged);
    setDragged(null);
  }
}

const ends = (ms: number, width: number, zone: string): string =>
  width < 86_400_000 ? clock(ms, zone) : dateTime(ms, zone, false);

function areaOf(data: SeriesAnswer | undefined, place: (ms: number) => number): string {
  const values = data?.series[0]?.sessions ?? [];
  const most = Math.max(1, ...values.map((v) => v ?? 0));
  const parts: string[] = [];
  let open: string[] = [];
  const close = (): void => {
    const [first, last] = [open[0], open.at(-1)];
    if (first !== undefined && last !== undefined)
      parts.push(`M${first.split(',')[0] ?? '0'},40 L${open.join(' L')} L${last.split(',')[0] ?? '0'},40 Z`);
    open = [];
  };
  values.forEach((v, i) => {
    if (v === null) close();
    else open.push(`${place(Date.parse(data?.at[i] ?? '')).toFixed(1)},${(40 - (v / most) * 36).toFixed(1)}`);
  });
  close();
  return parts.join(' ');
}

function ZonePicker({ routerZone }: { readonly routerZone: string | undefined }) {
  const { view, change } = useNavigation();
  const options: readonly (readonly [ZoneChoice, string])[] = [
    ['here', `${here} (yours)`],
    ['utc', 'UTC'],
    ...(routerZone === undefined ? [] : [['router', `${routerZone} (the router's)`] as const]),
  ];
  const chosen = view.zone === 'router' && routerZone === undefined ? 'utc' : view.zone;
  return (
    <label className="zone">
      <span>Times in</span>
      <select
        value={chosen}
        onChange={(e) => change({ zone: e.target.value === 'here' ? null : e.target.value })}
      >
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
