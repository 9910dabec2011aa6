/** What dropped around a moment, what it has in common, and the recovery after it. */
import { useAnswer, type Coverage, type MassAnswer, type SeriesAnswer, type WhatHappened } from '../api.ts';
import { Chart, topLines } from '../chart.tsx';
import { duration, number, percent, visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
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
        {(data) => (
          <>
            {view.parameters.has('mass') && (
              <p className="notice" role="status">
                This opened by itself, because many sessions closed at once.
              </p>
            )}
            <Partial coverage={data.coverage} />
            <Summary data={data} />
          </>
        )}
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
                name: 'count',
                title: 'Sessions, of those before',
                right: true,
                cell: (r) => {
                  const share = data.recovery_by_count.find((c) => c.after_s === r.after_s)?.share ?? null;
                  return share === null ? 'no snapshot yet' : percent(share);
                },
              },
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
        title="Not back"
        query={happened}
        empty={(d) =>
          d.not_back.length === 0 &&
          (d.ended_without_name > 0
            ? `Nobody who is named. ${number(d.ended_without_name)} ends carry no name: whether these are back cannot be told.`
            : 'Everybody who is named is back, or nobody went.')
        }
      >
        {(data) => <NotBack data={data} />}
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
              { name: 'detail', title: 'In words', words: true, cell: (e) => e.detail },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}

function NotBack({ data }: { readonly data: WhatHappened }) {
  return (
    <>
      <Table
        label="Not back after a quarter of an hour"
        rows={data.not_back}
        keyOf={(n) => `${n.router} ${n.tunnel} ${n.session}`}
        most={10}
        columns={[
          { name: 'user', title: 'User name', cell: (n) => visible(n.user_name), by: (n) => n.user_name },
          { name: 'session', title: 'Was', cell: (n) => <SessionLink {...n} /> },
          { name: 'router', title: 'On', cell: (n) => <RouterLink name={n.router} />, by: (n) => n.router },
          { name: 'peer', title: 'Peer', cell: (n) => visible(n.peer_gateway), by: (n) => n.peer_gateway },
          {
            name: 'between',
            title: 'Ended between',
            cell: (n) => (
              <>
                <Moment at={n.last_seen_at} short /> and <Moment at={n.gone_by} short />
              </>
            ),
          },
        ]}
      />
      {data.not_back_found > data.not_back.length && (
        <p className="quiet">
          The first {number(data.not_back.length)} of {number(data.not_back_found)}.
        </p>
      )}
    </>
  );
}

/** About routers that were not heard, an answer says nothing: that is said. */
function Partial({ coverage }: { readonly coverage: Coverage }) {
  const { missing, routers } = coverage;
  const gaps = routers.filter((r) => r.gaps.length > 0).map((r) => r.router);
  const incomplete = routers.reduce((n, r) => n + r.incomplete, 0);
  if (missing.length + gaps.length + incomplete === 0) return null;
  const some = (names: readonly string[]): string =>
    `${names.slice(0, 6).join(', ')}${names.length > 6 ? ` and ${number(names.length - 6)} more` : ''}`;
  return (
    <p className="notice" role="status">
      {missing.length > 0 && <>Nothing came from {some(missing)}. </>}
      {gaps.length > 0 && <>There are gaps of {some(gaps)}. </>}
      {incomplete > 0 && (
        <>
          {incomplete === 1 ? 'A listing was' : `${number(incomplete)} listings were`} not whole, and end
          {incomplete === 1 ? 's' : ''} no session.
        </>
      )}
    </p>
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
      <Figure
        label="Ended"
        hint={data.ended <= data.before && data.before > 0 ? percent(data.ended / data.before) : undefined}
      >
        {number(data.ended)}
      </Figure>
      {Object.entries(data.reasons).map(([reason, n]) => (
        <Figure
          key={reason}
          label={
            <>
              Ended: <State name={reason} />
            </>
          }
        >
          {number(n)}
        </Figure>
      ))}
      {Object.entries(data.state_changes).map(([state, n]) => (
        <Figure
          key={`to ${state}`}
          label={
            <>
              Came into <State name={state} />
            </>
          }
        >
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
