/** A router at a moment: sessions, tunnels, what it printed, its snapshots and events. */
import {
  routerPath,
  useAnswer,
  type AnomaliesAnswer,
  type EventsAnswer,
  type RouterSummary,
  type SeriesAnswer,
  type SnapshotsAnswer,
  type TunnelsAnswer,
} from '../api.ts';
import { Chart } from '../chart.tsx';
import { bytes, duration, number, percent, value } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table, type Column } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { EventList } from './event-list.tsx';
import { Printed } from './printed.tsx';
import { SessionTable } from './session-table.tsx';

const tabs = [
  ['sessions', 'Sessions'],
  ['tunnels', 'Tunnels'],
  ['printed', 'As the router printed it'],
  ['snapshots', 'Snapshots'],
  ['events', 'Events'],
] as const;

export function Router({ router }: { readonly router: string }) {
  const { view, change } = useNavigation();
  const tab = view.parameters.get('tab') ?? 'sessions';
  const summary = useAnswer<RouterSummary>(routerPath(router), momentOf(view));
  const series = useAnswer<SeriesAnswer>('/api/fleet/series', { ...rangeOf(view), by: 'router', router });
  return (
    <div className="grid">
      <Panel title="State" query={summary} wide>
        {(data) => <Summary data={data} />}
      </Panel>
      <Panel
        title="Sessions over time"
        query={series}
        wide
        empty={(d) => d.at.length === 0 && 'No snapshot of it in this window.'}
        note="Where no snapshot came for a quarter of an hour, the line stops."
      >
        {(data) => (
          <Chart
            label={`Sessions of ${router}`}
            at={data.at.map((t) => Date.parse(t) / 1_000)}
            lines={data.series.map((s) => ({ name: s.name, values: s.sessions }))}
            unit="sessions"
            stepS={data.step_s}
            height={120}
            from={Date.parse(data.from)}
            to={Date.parse(data.to)}
          />
        )}
      </Panel>
      <div className="wide">
        <nav className="tabs" aria-label="Parts">
          {tabs.map(([name, text]) => (
            <button
              key={name}
              type="button"
              aria-current={tab === name ? 'true' : undefined}
              onClick={() => change({ tab: name })}
            >
              {text}
            </button>
          ))}
        </nav>
        {tab === 'tunnels' && <Tunnels router={router} />}
        {tab === 'printed' && <Printed router={router} />}
        {tab === 'snapshots' && <Snapshots router={router} />}
        {tab === 'events' && <Events router={router} />}
        {tab === 'sessions' && <SessionTable router={router} />}
      </div>
    </div>
  );
}

function Summary({ data }: { readonly data: RouterSummary }) {
  return (
    <dl className="figures">
      <Figure label="Sessions">{number(data.sessions)}</Figure>
      <Figure
        label="Of the chassis limit"
        hint={data.limit_is_known ? `of ${number(data.limit)}` : `of ${number(data.limit)}, a default`}
      >
        {percent(data.sessions / data.limit)}
      </Figure>
      <Figure label="Headroom">{number(data.limit - data.sessions)}</Figure>
      {Object.entries(data.by_state).map(([state, n]) => (
        <Figure key={state} label={<State name={state} />}>
          {number(n)}
        </Figure>
      ))}
      <Figure label="As of">
        <Moment at={data.newest} />
      </Figure>
      <Figure label="Role">{data.role === '' ? 'not known' : data.role.toUpperCase()}</Figure>
      {data.site !== '' && <Figure label="Site">{data.site}</Figure>}
      {data.release !== '' && <Figure label="Junos">{data.release}</Figure>}
      <Figure label="Its clock">{data.time_zone}</Figure>
      <Figure label="History since" hint={`${number(data.snapshots)} snapshots`}>
        <Moment at={data.first} />
      </Figure>
    </dl>
  );
}

function Tunnels({ router }: { readonly router: string }) {
  const { view, change } = useNavigation();
  const tunnels = useAnswer<TunnelsAnswer>(`${routerPath(router)}/tunnels`, momentOf(view));
  return (
    <Panel
      title="Tunnels"
      query={tunnels}
      empty={(d) => d.tunnels.length === 0 && 'No tunnel has a session at this moment.'}
    >
      {(data) => (
        <Table
          label={`Tunnels of ${router}`}
          rows={data.tunnels}
          keyOf={(t) => String(t.tunnel)}
          most={200}
          columns={[
            {
              name: 'tunnel',
              title: 'Tunnel',
              right: true,
              cell: (t) => (
                <button
                  type="button"
                  className="plain"
                  onClick={() => change({ tab: 'sessions', 'local-tunnel-id': String(t.tunnel) })}
                >
                  {t.tunnel}
                </button>
              ),
              by: (t) => t.tunnel,
            },
            { name: 'peer', title: 'Peer', cell: (t) => t.peer_gateway, by: (t) => t.peer_gateway },
            { name: 'ip', title: 'Its address', cell: (t) => t.remote_ip, by: (t) => t.remote_ip },
            {
              name: 'interface',
              title: 'Interface',
              cell: (t) => t.interface_name,
              by: (t) => t.interface_name,
            },
            { name: 'group', title: 'Group', cell: (t) => t.tunnel_group, by: (t) => t.tunnel_group },
            {
              name: 'sessions',
              title: 'Sessions',
              right: true,
              cell: (t) => number(t.sessions),
              by: (t) => t.sessions,
            },
            {
              name: 'established',
              title: 'Established',
              right: true,
              cell: (t) => number(t.established),
              by: (t) => t.established,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Snapshots({ router }: { readonly router: string }) {
  const { view } = useNavigation();
  const snapshots = useAnswer<SnapshotsAnswer>(`${routerPath(router)}/snapshots`, {
    ...rangeOf(view),
    limit: 500,
  });
  return (
    <Panel
      title="Snapshots of the window"
      query={snapshots}
      empty={(d) => d.snapshots.length === 0 && 'No snapshot of it in this window.'}
      note={snapshots.data?.next === null ? undefined : 'The newest 500; narrow the window for the others.'}
    >
      {(data) => (
        <SnapshotTable label={`Snapshots of ${router}`} rows={data.snapshots} gaps={gapsOf(data.snapshots)} />
      )}
    </Panel>
  );
}

/** How long a router was not heard before a snapshot (ms), where that is a gap; the newest come first. */
function gapsOf(rows: SnapshotsAnswer['snapshots']): ReadonlyMap<string, number> {
  const heard = rows.filter((s) => s.outcome === 'applied');
  return new Map(
    heard.flatMap((s, i) => {
      const silentMs = Date.parse(s.at) - Date.parse(heard[i + 1]?.at ?? s.at);
      return silentMs > 900_000 ? [[s.at, silentMs] as const] : [];
    }),
  );
}

const routerColumn: Column<SnapshotsAnswer['snapshots'][number]> = {
  name: 'router',
  title: 'Router',
  cell: (s) => <RouterLink name={s.router} />,
  by: (s) => s.router,
};

export function SnapshotTable({
  label,
  rows,
  fleet = false,
  gaps,
}: {
  readonly label: string;
  readonly rows: SnapshotsAnswer['snapshots'];
  /** Of several routers. */
  readonly fleet?: boolean;
  /** Of one router: how long nothing came before a snapshot (ms), by its time. */
  readonly gaps?: ReadonlyMap<string, number>;
}) {
  return (
    <Table
      label={label}
      rows={rows}
      keyOf={(s) => `${s.source_partition} ${s.source_offset} ${s.at} ${s.command}`}
      most={100}
      columns={[
        { name: 'at', title: 'When', cell: (s) => <Moment at={s.at} />, by: (s) => s.at },
        ...(fleet ? [routerColumn] : []),
        { name: 'outcome', title: 'Outcome', cell: (s) => <State name={s.outcome} />, by: (s) => s.outcome },
        ...(gaps === undefined || gaps.size === 0 ? [] : [gapColumn(gaps)]),
        {
          name: 'whole',
          title: 'Whole',
          words: true,
          cell: (s) => (s.complete ? 'yes' : `no${s.reason === '' ? '' : `: ${s.reason}`}`),
          by: (s) => String(s.complete),
        },
        { name: 'level', title: 'Level', cell: (s) => `${s.level} ${s.format}`, by: (s) => s.level },
        { name: 'scope', title: 'Filters', words: true, cell: (s) => s.scope, by: (s) => s.scope },
        {
          name: 'sessions',
          title: 'Sessions',
          right: true,
          cell: (s) => number(s.sessions),
          by: (s) => s.sessions,
        },
        { name: 'opened', title: 'Opened', right: true, cell: (s) => number(s.opened), by: (s) => s.opened },
        {
          name: 'changed',
          title: 'Changed',
          right: true,
          cell: (s) => number(s.changed),
          by: (s) => s.changed,
        },
        { name: 'closed', title: 'Closed', right: true, cell: (s) => number(s.closed), by: (s) => s.closed },
        { name: 'bytes', title: 'Size', right: true, cell: (s) => bytes(s.bytes), by: (s) => s.bytes },
      ]}
    />
  );
}

const gapColumn = (gaps: ReadonlyMap<string, number>): Column<SnapshotsAnswer['snapshots'][number]> => ({
  name: 'gap',
  title: 'Nothing before it for',
  cell: (s) => {
    const silentMs = gaps.get(s.at);
    return silentMs === undefined ? '' : <State name={duration(silentMs)} as="stale" />;
  },
  by: (s) => gaps.get(s.at) ?? 0,
});

function Events({ router }: { readonly router: string }) {
  const { view } = useNavigation();
  const events = useAnswer<EventsAnswer>('/api/fleet/events', { ...rangeOf(view), router, limit: 500 });
  const anomalies = useAnswer<AnomaliesAnswer>('/api/operations/anomalies', { ...rangeOf(view), router });
  return (
    <div className="grid">
      <Panel
        title="Events"
        query={events}
        empty={(d) => d.sessions.length + d.routers.length === 0 && 'Nothing happened in this window.'}
      >
        {(data) => <EventList events={data} router={router} />}
      </Panel>
      <Panel
        title="Anomalies"
        query={anomalies}
        empty={(d) => d.anomalies.length === 0 && 'Nothing was printed that cannot be.'}
      >
        {(data) => <AnomalyTable rows={data.anomalies} />}
      </Panel>
    </div>
  );
}

export function AnomalyTable({ rows }: { readonly rows: AnomaliesAnswer['anomalies'] }) {
  return (
    <Table
      label="Anomalies"
      rows={rows}
      keyOf={(a, i) => `${a.at} ${a.router} ${a.tunnel} ${a.session} ${i}`}
      columns={[
        { name: 'at', title: 'When', cell: (a) => <Moment at={a.at} />, by: (a) => a.at },
        { name: 'session', title: 'Session', cell: (a) => <SessionLink {...a} /> },
        { name: 'kind', title: 'What', cell: (a) => a.kind.replaceAll('_', ' '), by: (a) => a.kind },
        { name: 'field', title: 'Field', cell: (a) => a.field, by: (a) => a.field },
        { name: 'before', title: 'Before', right: true, cell: (a) => value(a.before) },
        { name: 'after', title: 'After', right: true, cell: (a) => value(a.after) },
      ]}
    />
  );
}
