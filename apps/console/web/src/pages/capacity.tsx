/** Busy hours, growth and headroom, and what if an LNS fails. */
import {
  useAnswer,
  type BusyAnswer,
  type GrowthAnswer,
  type LimitsAnswer,
  type RoutersAnswer,
  type WhatIfAnswer,
} from '../api.ts';
import { Chart } from '../chart.tsx';
import { number, percent, rate, sentence } from '../format.ts';
import { Moment, RouterLink, useZone } from '../link.tsx';
import { Figure, Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { rangeOf, useNavigation } from '../view.ts';
import { Billing, Imbalances, TopTraffic } from './traffic.tsx';

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

function Growth() {
  const { view, change } = useNavigation();
  const router = view.parameters.get('router') ?? '';
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  const growth = useAnswer<GrowthAnswer>('/api/capacity/growth', {
    ...wideRange(view),
    router,
    horizon_days: 30,
  });
  return (
    <Panel
      title="Growth"
      query={growth}
      wide
      aside={
        <label>
          of{' '}
          <select value={router} onChange={(e) => change({ router: e.target.value })}>
            <option value="">all LNSs</option>
            {routers.data?.routers.map((r) => (
              <option key={r.router}>{r.router}</option>
            ))}
          </select>
        </label>
      }
      note="What is dashed is estimated. The band holds the share of values that the model promises; the test on days it had not seen says whether it does."
    >
      {(data) => (
        <>
          <GrowthFigures data={data} />
          <GrowthChart data={data} />
        </>
      )}
    </Panel>
  );
}

/** Growth wants days: the window where it is long enough, else thirty days to its end. */
const wideRange = (view: ReturnType<typeof useNavigation>['view']): { from: string; to?: string } => {
  if (view.to - view.from >= 2 * 86_400_000) return rangeOf(view);
  return view.live
    ? { from: '-30d' }
    : { from: new Date(view.to - 30 * 86_400_000).toISOString(), to: new Date(view.to).toISOString() };
};

function GrowthFigures({ data }: { readonly data: GrowthAnswer }) {
  const { full, back_test: test } = data;
  const days = (n: number | null): string => (n === null ? 'not within 5 years' : `${number(n)} d`);
  return (
    <dl className="figures">
      <Figure label="Growth" hint="a day">
        {data.slope_per_day >= 0 ? '+' : '−'}
        {number(Math.abs(data.slope_per_day))}
      </Figure>
      <Figure label="Full in" hint={`between ${days(full.earliest)} and ${days(full.latest)}`}>
        <i>{days(full.days)}</i>
      </Figure>
      <Figure label="Limit" hint={data.limit_is_known ? undefined : 'with defaults'}>
        {number(data.limit)}
      </Figure>
      {test !== null && (
        <Figure
          label="Tested on the past"
          hint={`${percent(test.inside)} within the band, ${percent(data.confidence)} promised`}
        >
          ± {number(test.mean_absolute_error)}
        </Figure>
      )}
    </dl>
  );
}

function GrowthChart({ data }: { readonly data: GrowthAnswer }) {
  const at = [...data.seen.map((s) => s.at), ...data.predicted.map((p) => p.at)].map(
    (t) => Date.parse(t) / 1_000,
  );
  const before = data.seen.map(() => null);
  const pad = (values: readonly number[]): (number | null)[] => [...before, ...values];
  return (
    <Chart
      label="Sessions seen and expected"
      at={at}
      lines={[
        { name: 'seen', values: [...data.seen.map((s) => s.value), ...data.predicted.map(() => null)] },
        {
          name: 'expected',
          values: pad(data.predicted.map((p) => p.value)),
          estimated: true,
          bounds: {
            low: pad(data.predicted.map((p) => Math.max(0, p.low))),
            high: pad(data.predicted.map((p) => p.high)),
          },
        },
      ]}
      unit="sessions"
      stepS={3_600}
    />
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

function WhatIf() {
  const { view, change } = useNavigation();
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  const lnss = (routers.data?.routers ?? []).filter((r) => r.role === 'lns');
  const without = view.parameters.get('without') ?? lnss[0]?.router ?? '';
  const more = view.parameters.get('more') ?? '0';
  const found = useAnswer<WhatIfAnswer>(
    '/api/capacity/what-if',
    { ...rangeOf(view), without, growth_percent: more },
    without !== '',
  );
  if (routers.data !== undefined && lnss.length === 0)
    return (
      <section className="panel" aria-label="What if">
        <header>
          <h2>What if an LNS fails</h2>
        </header>
        <p className="nothing">
          No router is known as an LNS: the fleet file says which are, and which take over.
        </p>
      </section>
    );
  return (
    <Panel
      title="What if an LNS fails"
      query={found}
      aside={
        <>
          <select
            aria-label="The LNS that fails"
            value={without}
            onChange={(e) => change({ without: e.target.value })}
          >
            {lnss.map((r) => (
              <option key={r.router}>{r.router}</option>
            ))}
          </select>
          <label>
            and there are{' '}
            <select value={more} onChange={(e) => change({ more: e.target.value })}>
              {['0', '10', '20', '50', '100'].map((p) => (
                <option key={p} value={p}>
                  {p} % more
                </option>
              ))}
            </select>
          </label>
        </>
      }
      empty={(d) =>
        d.rows.length === 0 &&
        d.homeless.length === 0 &&
        'Not enough snapshots in this window: whole hours are compared.'
      }
      note={found.data === undefined ? undefined : sentence(found.data.assumption)}
    >
      {(data) => (
        <>
          <Table
            label="Who takes over"
            rows={data.rows}
            keyOf={(r) => r.router}
            columns={[
              { name: 'router', title: 'Takes over', cell: (r) => <RouterLink name={r.router} /> },
              { name: 'before', title: 'Has', right: true, cell: (r) => number(r.before) },
              { name: 'taken', title: 'Takes', right: true, cell: (r) => <i>{number(r.taken)}</i> },
              { name: 'after', title: 'Then', right: true, cell: (r) => <i>{number(r.after)}</i> },
              { name: 'limit', title: 'Limit', right: true, cell: (r) => number(r.limit) },
              {
                name: 'over',
                title: 'Verdict',
                cell: (r) => (r.exceeded ? <b className="act">overflows</b> : 'fits'),
              },
            ]}
          />
          {data.parts.length > 0 && (
            <Table
              label="Interfaces and tunnels that take over, the fullest first"
              rows={data.parts}
              keyOf={(p) => `${p.kind} ${p.router} ${p.name}`}
              most={5}
              columns={[
                { name: 'router', title: 'Of', cell: (p) => <RouterLink name={p.router} /> },
                { name: 'part', title: 'Part', cell: (p) => `${p.kind} ${p.name}` },
                { name: 'before', title: 'Has', right: true, cell: (p) => number(p.before) },
                { name: 'after', title: 'Then', right: true, cell: (p) => <i>{number(p.after)}</i> },
                { name: 'limit', title: 'Limit', right: true, cell: (p) => number(p.limit) },
                {
                  name: 'over',
                  title: 'Verdict',
                  cell: (p) => (p.exceeded ? <b className="act">overflows</b> : 'fits'),
                },
              ]}
            />
          )}
          {data.homeless.map((h) => (
            <p key={h.router} className="failure">
              Nobody is known to take the {number(h.sessions)} sessions of {h.router}: the fleet file names no
              peer.
            </p>
          ))}
        </>
      )}
    </Panel>
  );
}
