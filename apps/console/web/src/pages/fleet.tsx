/** The fleet: sessions over time, routers, failures, ends, traffic, and what happens as it happens. */
import { useState } from 'react';
import {
  useAnswer,
  type BothEndsAnswer,
  type ChurnAnswer,
  type EndsAnswer,
  type EventsAnswer,
  type FailuresAnswer,
  type MassAnswer,
  type RoutersAnswer,
  type SeriesAnswer,
  type TrafficAnswer,
} from '../api.ts';
import { Chart, topLines } from '../chart.tsx';
import { duration, number, percent } from '../format.ts';
import { Link, Moment, RouterLink } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { useWanted } from '../wanted.tsx';
import { EventList } from './event-list.tsx';

export function Fleet() {
  const { view } = useNavigation();
  const routers = useAnswer<RoutersAnswer>('/api/routers', momentOf(view));
  return (
    <div className="grid">
      <MassNotice />
      <Now />
      <Concurrency />
      <Traffic />
      <Churn />
      <Panel
        title="Routers"
        query={routers}
        aside={<Link to="/routers">All</Link>}
        empty={(d) =>
          d.routers.length === 0 &&
          'No router has a history at this time. Send a capture: reel import FILE --router NAME.'
        }
      >
        {(data) => (
          <Table
            label="Routers, the busiest first"
            rows={[...data.routers].sort((a, b) => b.sessions - a.sessions)}
            keyOf={(r) => r.router}
            most={8}
            columns={[
              {
                name: 'router',
                title: 'Router',
                cell: (r) => <RouterLink name={r.router} />,
                by: (r) => r.router,
              },
              { name: 'role', title: 'Role', cell: (r) => r.role.toUpperCase(), by: (r) => r.role },
              { name: 'site', title: 'Site', cell: (r) => r.site, by: (r) => r.site },
              {
                name: 'sessions',
                title: 'Sessions',
                right: true,
                cell: (r) => number(r.sessions),
                by: (r) => r.sessions,
              },
              {
                name: 'full',
                title: 'Of limit',
                right: true,
                cell: (r) => percent(r.sessions / r.limit),
                by: (r) => r.sessions / r.limit,
              },
              {
                name: 'newest',
                title: 'Newest snapshot',
                right: true,
                cell: (r) => <Moment at={r.newest} short />,
                by: (r) => r.newest,
              },
            ]}
          />
        )}
      </Panel>
      <Events />
      <Ends />
      <Failures />
    </div>
  );
}

/** It opens by itself when a mass close was seen. */
function MassNotice() {
  const { view } = useNavigation();
  const mass = useAnswer<MassAnswer>('/api/fleet/mass-events', rangeOf(view));
  const last = mass.data?.events.find((e) => e.kind === 'mass_close');
  if (last === undefined) return null;
  return (
    <div className="alarm wide" role="alert">
      <p>
        <b>{last.detail}</b> on <RouterLink name={last.router} /> at <Moment at={last.at} />.{' '}
        <Link to="/what-happened" with={{ at: last.at }}>
          What happened?
        </Link>
      </p>
    </div>
  );
}

function Now() {
  const { view } = useNavigation();
  const { wanted, want } = useWanted(JSON.stringify(momentOf(view)));
  const ends = useAnswer<BothEndsAnswer>(
    '/api/fleet/both-ends',
    { ...momentOf(view), limit: 1 },
    wanted === true,
  );
  const routers = useAnswer<RoutersAnswer>('/api/routers', momentOf(view));
  return (
    <Panel title="Sessions" query={routers} wide>
      {(data) => {
        const of = (role: string): number =>
          data.routers.filter((r) => r.role === role).reduce((n, r) => n + r.sessions, 0);
        const states = new Map<string, number>();
        for (const r of data.routers)
          for (const [state, n] of Object.entries(r.by_state))
            states.set(state, (states.get(state) ?? 0) + n);
        return (
          <dl className="figures">
            <Figure label="On LNSs">{number(of('lns'))}</Figure>
            <Figure label="On LACs">{number(of('lac'))}</Figure>
            {of('') > 0 && <Figure label="Role not known">{number(of(''))}</Figure>}
            {wanted === false ? (
              <Figure label="Subscribers">
                <button type="button" onClick={want}>
                  Count each call once
                </button>
              </Figure>
            ) : (
              ends.data !== undefined && (
                <Figure label="Subscribers" hint="each call once">
                  {number(ends.data.subscribers)}
                </Figure>
              )
            )}
            {[...states]
              .sort((a, b) => b[1] - a[1])
              .map(([state, n]) => (
                <Figure key={state} label={<State name={state} />}>
                  {number(n)}
                </Figure>
              ))}
            <Figure label="Routers">{number(data.routers.length)}</Figure>
          </dl>
        );
      }}
    </Panel>
  );
}

const dimensions = [
  ['role', 'role'],
  ['site', 'site'],
  ['state', 'state'],
  ['router', 'router'],
  ['peer_gateway', 'peer'],
  ['tunnel_group', 'tunnel group'],
] as const;

function Concurrency() {
  const { view, change } = useNavigation();
  const by = view.parameters.get('by') ?? 'role';
  const series = useAnswer<SeriesAnswer>('/api/fleet/series', { ...rangeOf(view), by });
  return (
    <Panel
      title="Concurrent sessions"
      query={series}
      wide
      aside={
        <label>
          by{' '}
          <select value={by} onChange={(e) => change({ by: e.target.value })}>
            {dimensions.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
      }
      empty={(d) => d.at.length === 0 && 'No snapshot in this window.'}
    >
      {(data) => (
        <Chart
          label={`Concurrent sessions by ${by}`}
          at={data.at.map((t) => Date.parse(t) / 1_000)}
          lines={topLines(data)}
          unit="sessions"
          stepS={data.step_s}
          from={Date.parse(data.from)}
          to={Date.parse(data.to)}
        />
      )}
    </Panel>
  );
}

function Traffic() {
  const { view } = useNavigation();
  const traffic = useAnswer<TrafficAnswer>('/api/fleet/traffic', { ...rangeOf(view), by: 'role' });
  return (
    <Panel
      title="Traffic"
      query={traffic}
      wide
      empty={(d) =>
        d.series.length === 0 &&
        'No counters in this window: a LAC prints none, and an LNS only with extensive or statistics.'
      }
      note="Rx and Tx are the printing router's. Each delta is spread over the interval that it took."
    >
      {(data) => (
        <Chart
          label="Traffic"
          at={data.at.map((t) => Date.parse(t) / 1_000)}
          lines={data.series.flatMap((s) => [
            { name: `${s.name.toUpperCase()} Rx`, values: finished(s.rx, view.live) },
            { name: `${s.name.toUpperCase()} Tx`, values: finished(s.tx, view.live) },
          ])}
          unit="bit/s"
          stepS={data.step_s}
          from={Date.parse(data.from)}
          to={Date.parse(data.to)}
        />
      )}
    </Panel>
  );
}

/** The last steps of a live window lack what the next snapshots will tell. */
const finished = (values: readonly (number | null)[], live: boolean): readonly (number | null)[] =>
  live ? values.map((v, i) => (i >= values.length - 2 ? null : v)) : values;

/** Steps with their points, and between two that lie further apart than a gap one without any: nobody knows what happened there. */
function withGaps(points: ChurnAnswer['points'], stepS: number) {
  const longestS = Math.max(900, 2 * stepS);
  const steps = [...Map.groupBy(points, (p) => p.at)].map(([at, own]) => ({
    at: Date.parse(at) / 1_000,
    points: own,
  }));
  return steps.flatMap((step, i): { at: number; points: ChurnAnswer['points'] | null }[] => {
    const before = steps[i - 1]?.at ?? step.at;
    return step.at - before > longestS ? [{ at: before + stepS, points: null }, step] : [step];
  });
}

/** How many sessions came and went: a fleet that stands still in number may be churning. */
function Churn() {
  const { view } = useNavigation();
  const churn = useAnswer<ChurnAnswer>('/api/fleet/churn', rangeOf(view));
  return (
    <Panel
      title="Coming and going"
      query={churn}
      wide
      empty={(d) => d.points.length === 0 && 'No snapshot in this window.'}
      note="By the snapshot that showed it. A router's very first snapshot opens all of its sessions. Where none came for a quarter of an hour, the line stops."
    >
      {(data) => {
        const steps = withGaps(data.points, data.step_s);
        const sum = (of: 'opened' | 'closed'): (number | null)[] =>
          steps.map(({ points }) => points?.reduce((n, p) => n + p[of], 0) ?? null);
        return (
          <Chart
            label="Sessions that opened and closed"
            at={steps.map(({ at }) => at)}
            lines={[
              { name: 'opened', values: sum('opened') },
              { name: 'closed', values: sum('closed') },
            ]}
            unit="sessions"
            stepS={data.step_s}
            height={120}
            from={Date.parse(data.from)}
            to={Date.parse(data.to)}
          />
        );
      }}
    </Panel>
  );
}

function Events() {
  const { view } = useNavigation();
  const [kind, setKind] = useState('');
  const events = useAnswer<EventsAnswer>('/api/fleet/events', { ...rangeOf(view), limit: 200, kind });
  return (
    <Panel
      title={view.live ? 'As it happens' : 'Events of the window'}
      query={events}
      aside={
        <select aria-label="Kind of event" value={kind} onChange={(e) => setKind(e.target.value)}>
          <option value="">all</option>
          <option>opened</option>
          <option>changed</option>
          <option>closed</option>
        </select>
      }
      empty={(d) => d.sessions.length + d.routers.length === 0 && 'Nothing happened in this window.'}
    >
      {(data) => <EventList events={data} />}
    </Panel>
  );
}

function Ends() {
  const { view } = useNavigation();
  const ends = useAnswer<EndsAnswer>('/api/fleet/ends', rangeOf(view));
  return (
    <Panel
      title="Ends by reason"
      query={ends}
      empty={(d) => d.reasons.length === 0 && 'No session ended in this window.'}
    >
      {(data) => (
        <Table
          label="Ends by reason"
          rows={data.reasons}
          keyOf={(r) => r.reason}
          columns={[
            { name: 'reason', title: 'Reason', cell: (r) => <State name={r.reason} as={r.reason} /> },
            { name: 'ends', title: 'Ends', right: true, cell: (r) => number(r.ends) },
            {
              name: 'lifetime',
              title: 'Lived (median)',
              right: true,
              cell: (r) => (r.lifetime_s === null ? 'not known' : `≥ ${duration(r.lifetime_s.p50 * 1_000)}`),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Failures() {
  const { view } = useNavigation();
  const failures = useAnswer<FailuresAnswer>('/api/fleet/setup-failures', rangeOf(view));
  return (
    <Panel
      title="Failures to establish"
      query={failures}
      empty={(d) => d.failures.length === 0 && 'Every session that ended had been established.'}
    >
      {(data) => (
        <Table
          label="Failures to establish"
          rows={data.failures}
          keyOf={(f) => `${f.state} ${f.peer_gateway}`}
          most={10}
          columns={[
            { name: 'state', title: 'Died in', cell: (f) => <State name={f.state} /> },
            { name: 'peer', title: 'Peer', cell: (f) => f.peer_gateway || 'not printed' },
            { name: 'failures', title: 'Failures', right: true, cell: (f) => number(f.failures) },
          ]}
        />
      )}
    </Panel>
  );
}
