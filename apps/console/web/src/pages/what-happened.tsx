/** What dropped around a moment, what it has in common, and the recovery after it. */
import { useAnswer, type MassAnswer, type SeriesAnswer, type WhatHappened } from '../api.ts';
import { Chart } from '../chart.tsx';
import { duration, number, percent } from '../format.ts';
import { Moment, RouterLink } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { iso, rangeOf, useNavigation } from '../view.ts';

export function WhatHappenedPage() {
  const { view, change } = useNavigation();
  const mass = useAnswer<MassAnswer>('/api/fleet/mass-events', rangeOf(view));
  const seen = mass.data?.events.find((e) => e.kind === 'mass_close');
  // The moment that was chosen; else the newest mass close; else a little while ago.
  const around =
    view.at !== null ? iso(view.at) : seen !== undefined ? seen.at : view.live ? '-5m' : iso(view.to);
  const within = Number(view.parameters.get('within') ?? 300);
  const happened = useAnswer<WhatHappened>('/api/what-happened', { around, within_s: within });
  return (
    <div className="grid">
      <Panel
        title="What happened"
        query={happened}
        wide
        aside={
          <label>
            within{' '}
            <select value={within} onChange={(e) => change({ within: e.target.value })}>
              {[60, 300, 900, 3_600].map((s) => (
                <option key={s} value={s}>
                  {duration(s * 1_000)}
                </option>
              ))}
            </select>
          </label>
        }
      >
        {(data) => <Summary data={data} />}
      </Panel>
      {happened.data !== undefined && <Around from={happened.data.from} to={happened.data.to} />}
      <Panel
        title="What they have in common"
        query={happened}
        wide
        empty={(d) =>
          d.common.length === 0 &&
          (d.ended === 0 ? 'Nothing ended.' : 'Nothing stands out: the ends are spread evenly.')
        }
        note="A group stands out when a larger share of it went than of the rest, and when it explains much of all that went."
      >
        {(data) => <Common data={data} />}
      </Panel>
      <Panel
        title="Recovery"
        query={happened}
        empty={(d) => d.recovery.length === 0 && 'Nothing ended, so that nothing had to come back.'}
      >
        {(data) => (
          <Table
            label="Recovery"
            rows={data.recovery}
            keyOf={(r) => String(r.after_s)}
            columns={[
              { name: 'after', title: 'After', cell: (r) => duration(r.after_s * 1_000) },
              {
                name: 'back',
                title: 'Subscribers back',
                right: true,
                cell: (r) => (r.back === null ? 'not known: no user names are printed' : percent(r.back)),
              },
            ]}
          />
        )}
      </Panel>
      <Panel
        title="Events of routers"
        query={happened}
        empty={(d) => d.router_events.length === 0 && 'No router said anything.'}
      >
        {(data) => (
          <Table
            label="Events of routers"
            rows={data.router_events}
            keyOf={(e, i) => `${e.at} ${e.router} ${i}`}
            columns={[
              { name: 'at', title: 'When', cell: (e) => <Moment at={e.at} /> },
              { name: 'router', title: 'Router', cell: (e) => <RouterLink name={e.router} /> },
              { name: 'kind', title: 'What', cell: (e) => e.kind.replaceAll('_', ' ') },
              { name: 'detail', title: 'In words', cell: (e) => e.detail },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}

function Summary({ data }: { readonly data: WhatHappened }) {
  return (
    <dl className="figures">
      <Figure label="From">
        <Moment at={data.from} lead={false} />
      </Figure>
      <Figure label="To">
        <Moment at={data.to} lead={false} />
      </Figure>
      <Figure label="Live before">{number(data.before)}</Figure>
      <Figure label="Ended" hint={data.before > 0 ? percent(data.ended / data.before) : undefined}>
        {number(data.ended)}
      </Figure>
      {Object.entries(data.reasons).map(([reason, n]) => (
        <Figure key={reason} label={<State name={reason} />}>
          {number(n)}
        </Figure>
      ))}
    </dl>
  );
}

const names: Readonly<Record<string, string>> = {
  peer_gateway: 'peer',
  fpc: 'line card',
  tunnel_group: 'tunnel group',
};

function Common({ data }: { readonly data: WhatHappened }) {
  return (
    <Table
      label="What they have in common"
      rows={data.common}
      keyOf={(g) => `${g.by} ${g.name}`}
      most={12}
      columns={[
        { name: 'by', title: 'By', cell: (g) => names[g.by] ?? g.by },
        {
          name: 'name',
          title: 'Which',
          cell: (g) => (g.by === 'router' ? <RouterLink name={g.name} /> : g.name),
        },
        { name: 'gone', title: 'Gone', right: true, cell: (g) => number(g.gone), by: (g) => g.gone },
        { name: 'before', title: 'Of', right: true, cell: (g) => number(g.before), by: (g) => g.before },
        {
          name: 'share',
          title: 'Share',
          right: true,
          cell: (g) => <Bar share={g.share} />,
          by: (g) => g.share,
        },
        {
          name: 'rest',
          title: 'Of the rest',
          right: true,
          cell: (g) => percent(g.share_of_rest),
          by: (g) => g.share_of_rest,
        },
        {
          name: 'coverage',
          title: 'Explains',
          right: true,
          cell: (g) => <Bar share={g.coverage} />,
          by: (g) => g.coverage,
        },
        {
          name: 'between',
          title: 'Between',
          cell: (g) => (
            <>
              {g.between[0] !== undefined && <Moment at={g.between[0]} short />} –{' '}
              {g.between[1] !== undefined && <Moment at={g.between[1]} short />}
            </>
          ),
        },
      ]}
    />
  );
}

function Bar({ share }: { readonly share: number }) {
  return (
    <span className="share">
      <meter min={0} max={1} value={share} aria-hidden="true" /> {percent(share)}
    </span>
  );
}

function Around({ from, to }: { readonly from: string; readonly to: string }) {
  const width = Date.parse(to) - Date.parse(from);
  const end = Math.min(Date.parse(to) + width, Date.now());
  const range = { from: iso(Date.parse(from) - width), to: iso(end) };
  const series = useAnswer<SeriesAnswer>('/api/fleet/series', { ...range, by: 'router' });
  return (
    <Panel
      title="Sessions around it"
      query={series}
      wide
      empty={(d) => d.at.length === 0 && 'No snapshot around that time.'}
    >
      {(data) => (
        <Chart
          label="Sessions of the routers around it"
          at={data.at.map((t) => Date.parse(t) / 1_000)}
          lines={data.series.slice(0, 8).map((s) => ({ name: s.name, values: s.sessions }))}
          unit="sessions"
          stepS={data.step_s}
          from={Date.parse(data.from)}
          to={Date.parse(data.to)}
        />
      )}
    </Panel>
  );
}
