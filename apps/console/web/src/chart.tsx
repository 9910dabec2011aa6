/** Time series: one crosshair and one time axis for all, gaps as gaps, unit and resolution named, every point leads somewhere. */
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { SeriesAnswer } from './api.ts';
import { clock, dateTime, duration, number, rate } from './format.ts';
import { useZone } from './link.tsx';
import { useNavigation } from './view.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** What is estimated looks different from what was seen. */
  readonly estimated?: boolean;
  /** Between which it lies, drawn as a band. */
  readonly bounds?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
}

/** The eight largest; the eye cannot tell more apart. */
export const topLines = ({ series, by }: SeriesAnswer): Line[] =>
  series
    .map((s) => ({ s, most: Math.max(0, ...s.sessions.map((n) => n ?? 0)) }))
    .sort((a, b) => b.most - a.most)
    .slice(0, 8)
    .map(({ s }) => ({ name: nameOf(s.name, by), values: s.sessions }));

const nameOf = (name: string, by: string): string =>
  name === '' ? (by === 'fleet' ? 'all' : 'not known') : by === 'role' ? name.toUpperCase() : name;

export type Unit = 'sessions' | 'bit/s' | 'per minute' | 'routers';

const shown: Readonly<Record<Unit, (value: number) => string>> = {
  sessions: number,
  routers: number,
  'per minute': number,
  'bit/s': rate,
};

export interface ChartProps {
  /** What it shows, for who cannot see it. */
  readonly label: string;
  /** Seconds UTC. */
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly stepS: number;
  readonly height?: number;
  /** Begin and end of the axis (ms); default: of the data. */
  readonly from?: number;
  readonly to?: number;
}

export function Chart(props: ChartProps) {
  const { label, at, lines, unit, stepS } = props;
  const [tabular, setTabular] = useState(false);
  return (
    <figure className="chart">
      <Plot {...props} />
      <figcaption>
        <Legend lines={lines} unit={unit} />
        <span className="quiet">
          {unit}, every {duration(stepS * 1_000)}
        </span>
        <button type="button" className="plain" aria-expanded={tabular} onClick={() => setTabular(!tabular)}>
          {tabular ? 'Hide the numbers' : 'Numbers'}
        </button>
      </figcaption>
      {tabular && <Numbers label={label} at={at} lines={lines} unit={unit} />}
    </figure>
  );
}

function Legend({ lines, unit }: { readonly lines: readonly Line[]; readonly unit: Unit }) {
  return (
    <ul className="legend">
      {lines.map((line, i) => (
        <li key={line.name}>
          <span className={`key key${i % 8} ${line.estimated === true ? 'dashed' : ''}`} aria-hidden="true" />
          {line.name} <b>{lastOf(line, unit)}</b>
        </li>
      ))}
    </ul>
  );
}

function lastOf({ values }: Line, unit: Unit): string {
  const last = values.findLast((v) => v !== null);
  return typeof last !== 'number' ? '–' : shown[unit](last);
}

function Numbers({ label, at, lines, unit }: Pick<ChartProps, 'label' | 'at' | 'lines' | 'unit'>) {
  const zone = useZone();
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={`${label}, as numbers`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time ({zone})</th>
            {lines.map((l) => (
              <th key={l.name} scope="col" className="right">
                {l.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at
            .map((t, i) => (
              <tr key={t}>
                <th scope="row">{dateTime(t * 1_000, zone)}</th>
                {lines.map((l) => (
                  <td key={l.name} className="right">
                    {figureOf(l, i, unit)}
                  </td>
                ))}
              </tr>
            ))
            .reverse()
            .slice(0, 500)}
        </tbody>
      </table>
    </div>
  );
}

function figureOf({ values, bounds }: Line, i: number, unit: Unit): string {
  const told = shown[unit];
  const [middle, low, high] = [values[i], bounds?.low[i], bounds?.high[i]].map((v) => v ?? null);
  const between =
    typeof low === 'number' && typeof high === 'number' && low !== high
      ? `${told(low)} to ${told(high)}`
      : '';
  if (typeof middle !== 'number') return between === '' ? 'no data' : between;
  return between === '' ? told(middle) : `${told(middle)} (${between})`;
}

/** Redraws when the colours of the page change. */
function useColours(): readonly string[] {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const [, redraw] = useState(0);
  useEffect(() => {
    const changed = (): void => redraw((n) => n + 1);
    dark.addEventListener('change', changed);
    return () => dark.removeEventListener('change', changed);
  });
  const theme = document.documentElement.dataset['theme'] ?? '';
  const key = `${theme} ${String(dark.matches)}`;
  return useMemo(coloursNow, [key]);
}

/** As a browser computes them: a canvas does not know the page's own names. */
function coloursNow(): readonly string[] {
  const probe = document.createElement('span');
  document.body.append(probe);
  const names = [
    ...Array.from({ length: 8 }, (_, i) => `--series${i}`),
    '--text-quiet',
    '--grid',
    '--accent',
  ];
  const colours = names.map((name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}

const faint = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.13)');

function Plot({ label, at, lines, unit, height = 180, from, to }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zone = useZone();
  const { view, change } = useNavigation();
  const colours = useColours();
  const moment = view.at;
  const names = lines.map((l) => `${l.name} ${l.bounds === undefined ? '' : 'bounded'}`).join('\n');
  const data = useMemo(
    (): uPlot.AlignedData => [[...at], ...[...lines, ...boundsOf(lines)].map((l) => [...l.values])],
    [at, lines],
  );
  const pick = useRef(change);
  pick.current = change;
  const momentRef = useRef(moment);
  momentRef.current = moment;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const options = optionsOf({ width: element.clientWidth, height, lines, unit, zone, colours, momentRef });
    const made = new uPlot(
      { ...options, scales: { x: scaleOf(from, to), y: options.scales?.['y'] ?? {} } },
      data,
      element,
    );
    plot.current = made;
    const onClick = (): void => {
      const index = made.cursor.idx;
      const second = index === null || index === undefined ? undefined : made.data[0][index];
      if (second !== undefined) pick.current({ at: new Date(second * 1_000).toISOString() });
    };
    made.over.addEventListener('click', onClick);
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
    // A new plot only when what it is made of changes; new data go into the same one.
  }, [names, unit, zone, colours, height, from === undefined, to === undefined]);
  useEffect(() => {
    plot.current?.setData(data);
    if (from !== undefined && to !== undefined)
      plot.current?.setScale('x', { min: from / 1_000, max: to / 1_000 });
  }, [data, from, to]);
  useEffect(() => {
    plot.current?.redraw(false);
  }, [moment]);
  return (
    <div ref={place} className="plot" role="img" aria-label={`${label}. ${summary(at, lines, unit, zone)}`} />
  );
}

const scaleOf = (from: number | undefined, to: number | undefined): uPlot.Scale =>
  from === undefined || to === undefined
    ? { time: true }
    : { time: true, min: from / 1_000, max: to / 1_000 };

function summary(at: readonly number[], lines: readonly Line[], unit: Unit, zone: string): string {
  const [first, last] = [at[0], at.at(-1)];
  if (first === undefined || last === undefined) return 'No data.';
  const told = lines
    .slice(0, 8)
    .map(
      (line) =>
        `${line.name === '' ? 'all' : line.name}: ${lastOf(line, unit)} ${unit === 'bit/s' ? '' : unit}`,
    );
  return `From ${dateTime(first * 1_000, zone)} to ${dateTime(last * 1_000, zone)}; at the end ${told.join(', ')}.`;
}

interface PlotParts {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly zone: string;
  readonly colours: readonly string[];
  readonly momentRef: { readonly current: number | null };
}

function optionsOf({ width, height, lines, unit, zone, colours, momentRef }: PlotParts): uPlot.Options {
  const [quiet, grid, accent] = colours.slice(8) as [string, string, string];
  const axis = {
    stroke: quiet,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1 },
    font: '11px system-ui',
  };
  const colourOf = (i: number): string => colours[i % 8] ?? '';
  return {
    width: Math.max(100, width),
    height,
    legend: { show: false },
    cursor: { sync: { key: 'reel' }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true },
      y: { range: (_plot, _least, most) => [0, most === 0 || !Number.isFinite(most) ? 1 : most * 1.08] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_plot, splits, _i, _space, step) => splits.map((s) => label(s, step, zone)),
      },
      {
        ...axis,
        size: unit === 'bit/s' ? 90 : 62,
        values: (_plot, splits) => splits.map((v) => shown[unit](v)),
      },
    ],
    series: [
      {},
      ...lines.map((line, i): uPlot.Series => {
        const stroke = colourOf(i);
        return {
          label: line.name,
          stroke,
          width: 1.5,
          spanGaps: false,
          points: { show: lines.length === 1 && line.values.length < 3 },
          ...(line.estimated === true
            ? { dash: [6, 4] }
            : lines.length === 1 && line.bounds === undefined
              ? { fill: faint(stroke) }
              : {}),
        };
      }),
      ...boundsOf(lines).map((): uPlot.Series => ({ width: 0, spanGaps: false, points: { show: false } })),
    ],
    bands: bandsOf(lines, colourOf),
    hooks: { draw: [(plot) => drawMoment(plot, momentRef.current, accent)] },
  };
}

/** What is drawn behind the lines: the lower and the upper bound of each that has some. */
const boundsOf = (lines: readonly Line[]): { readonly values: readonly (number | null)[] }[] =>
  lines.flatMap(({ bounds }) =>
    bounds === undefined ? [] : [{ values: bounds.low }, { values: bounds.high }],
  );

/** A band for each line with bounds, in its colour. */
function bandsOf(lines: readonly Line[], colourOf: (index: number) => string): uPlot.Band[] {
  let next = lines.length + 1;
  return lines.flatMap((line, i): uPlot.Band[] => {
    if (line.bounds === undefined) return [];
    next += 2;
    return [{ series: [next - 1, next - 2], fill: faint(colourOf(i)) }];
  });
}

function label(second: number, step: number, zone: string): string {
  if (step >= 86_400) return dateTime(second * 1_000, zone).slice(5, 10);
  const text = clock(second * 1_000, zone, step < 60);
  return text.startsWith('00:00') ? dateTime(second * 1_000, zone).slice(5, 10) : text;
}

/** The moment that is looked at, across the plot. */
function drawMoment(plot: uPlot, moment: number | null, colour: string): void {
  if (moment === null) return;
  const x = Math.round(plot.valToPos(moment / 1_000, 'x', true));
  const { left, top, width, height } = plot.bbox;
  if (x < left || x > left + width) return;
  plot.ctx.save();
  plot.ctx.strokeStyle = colour;
  plot.ctx.lineWidth = 2;
  plot.ctx.beginPath();
  plot.ctx.moveTo(x, top);
  plot.ctx.lineTo(x, top + height);
  plot.ctx.stroke();
  plot.ctx.restore();
}
