/** Headroom and busy hours; growth, and what if an LNS fails, stand beside it. */
import { type BusyAnswer, type LimitsAnswer, useAnswer } from '../api.ts';
import { number, percent, rate } from '../format.ts';
import { Moment, RouterLink, useZone } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { rangeOf, useNavigation } from '../view.ts';
import { Growth } from './growth.tsx';
import { Billing, Imbalances, TopTraffic } from './traffic.tsx';
import { WhatIf } from './what-if.tsx';

export function Capacity() {
  return (
    <div className="grid">
      <Growth />
      <Limits />
      <WhatIf />
      <Imbalances />
      <Busy />
      <TopTraffic />
      <Billing />
    </div>
  );
}

function Limits() {
  const { view } = useNavigation();
  const limits = useAnswer<LimitsAnswer>('/api/capacity/limits', rangeOf(view));
  return (
    <Panel
      title="Headroom"
      query={limits}
      wide
      empty={(d) => d.limits.length === 0 && 'No snapshot in this window.'}
      note="Limits in italics are the vendor's defaults. Chassis peaks are of every snapshot; interfaces and tunnels are counted at the busiest moments."
    >
      {(data) => (
        <Table
          label="Headroom, the fullest first"
          rows={data.limits}
          keyOf={(l, i) => `${l.kind} ${l.router} ${l.name} ${i}`}
          most={12}
          columns={[
            {
              name: 'router',
              title: 'Router',
              cell: (l) => <RouterLink name={l.router} />,
              by: (l) => l.router,
            },
            {
              name: 'kind',
              title: 'Of',
              cell: (l) => `${l.kind} ${l.name}`,
              by: (l) => `${l.kind} ${l.name}`,
            },
            { name: 'site', title: 'Site', cell: (l) => l.site, by: (l) => l.site },
            { name: 'peak', title: 'Peak', right: true, cell: (l) => number(l.peak), by: (l) => l.peak },
            {
              name: 'when',
              title: 'When',
              right: true,
              cell: (l) => <Moment at={l.peak_at} />,
              by: (l) => l.peak_at,
            },
            {
              name: 'limit',
              title: 'Limit',
              right: true,
              cell: (l) => (l.limit_is_known ? number(l.limit) : <i>{number(l.limit)}</i>),
              by: (l) => l.limit,
            },
            {
              name: 'full',
              title: 'Full',
              right: true,
              cell: (l) => (
                <span className={l.peak > 0.9 * l.limit ? 'share act' : 'share'}>
                  <meter min={0} max={1} high={0.9} value={l.peak / l.limit} aria-hidden="true" />{' '}
                  {percent(l.peak / l.limit)}
                </span>
              ),
              by: (l) => l.peak / l.limit,
            },
            {
              name: 'headroom',
              title: 'Still fit',
              right: true,
              cell: (l) => number(l.headroom),
              by: (l) => l.headroom,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Busy() {
  const { view, change } = useNavigation();
  const zone = useZone();
  const by = view.parameters.get('busy') ?? 'router';
  const of = view.parameters.get('of') ?? 'sessions';
  const busy = useAnswer<BusyAnswer>('/api/capacity/busy-hours', { ...rangeOf(view), by, of });
  return (
    <Panel
      title="Busy hours"
      query={busy}
      wide
      aside={
        <>
          <label>
            of{' '}
            <select value={of} onChange={(e) => change({ of: e.target.value })}>
              <option value="sessions">sessions</option>
              <option value="traffic">traffic</option>
            </select>
          </label>
          <label>
            by{' '}
            <select value={by} onChange={(e) => change({ busy: e.target.value })}>
              <option value="router">router</option>
              <option value="site">site</option>
              <option value="fleet">fleet</option>
            </select>
          </label>
        </>
      }
      empty={(d) => d.hours.length === 0 && 'No snapshot in this window.'}
      note={`Days and hours are UTC${zone === 'UTC' ? '' : ', whatever zone is chosen above'}. LACs and LNSs list the same calls: they are never added up.`}
    >
      {(data) => <BusyTable data={data} />}
    </Panel>
  );
}

function BusyTable({ data }: { readonly data: BusyAnswer }) {
  const shown = data.of === 'traffic' ? rate : number;
  return (
    <Table
      label="Busy hours"
      rows={data.hours}
      keyOf={(h) => `${h.name} ${h.role} ${h.day}`}
      most={12}
      columns={[
        {
          name: 'name',
          title: data.by === 'site' ? 'Site' : data.by === 'router' ? 'Router' : 'Of',
          cell: (h) =>
            data.by === 'router' ? (
              <RouterLink name={h.name} />
            ) : (
              h.name || (data.by === 'site' ? 'no site' : 'the fleet')
            ),
          by: (h) => h.name,
        },
        { name: 'role', title: 'Role', cell: (h) => h.role.toUpperCase(), by: (h) => h.role },
        { name: 'day', title: 'Day', cell: (h) => h.day, by: (h) => h.day },
        {
          name: 'hour',
          title: 'Hour',
          right: true,
          cell: (h) => `${String(h.hour).padStart(2, '0')}:00`,
          by: (h) => h.hour,
        },
        { name: 'mean', title: 'Mean', right: true, cell: (h) => shown(h.mean), by: (h) => h.mean },
        { name: 'peak', title: 'Peak', right: true, cell: (h) => shown(h.peak), by: (h) => h.peak },
        {
          name: 'p95',
          title: '95 % of the day',
          right: true,
          cell: (h) => shown(h.day_p95),
          by: (h) => h.day_p95,
        },
        {
          name: 'samples',
          title: 'Known',
          right: true,
          cell: (h) => <span title="of the 288 samples of the day">{percent(h.day_samples / 288)}</span>,
          by: (h) => h.day_samples,
        },
      ]}
    />
  );
}
