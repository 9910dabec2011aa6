/** Two moments of a router, or of the fleet. */
import type { UseQueryResult } from '@tanstack/react-query';
import {
  routerPath,
  useAnswer,
  type ApiError,
  type DiffAnswer,
  type FleetCounts,
  type FleetDiffAnswer,
  type RoutersAnswer,
  type Value,
} from '../api.ts';
import { bytes, number, value } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { iso, useNavigation, type View } from '../view.ts';
import { Changes } from './changes.tsx';

/** The two moments: the begin of the window, and the moment that is looked at or its end. */
const momentsOf = (view: View): { from: string; to: string } => ({
  from: iso(view.from),
  to: iso(view.at ?? view.to),
});

export function Compare() {
  const { view, change } = useNavigation();
  const router = view.parameters.get('router') ?? '';
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  return (
    <div className="grid">
      <section className="panel wide" aria-label="What is compared">
        <header>
          <h2>Compare</h2>
          <label>
            Router{' '}
            <select value={router} onChange={(e) => change({ router: e.target.value })}>
              <option value="">the fleet</option>
              {routers.data?.routers.map((r) => (
                <option key={r.router}>{r.router}</option>
              ))}
            </select>
          </label>
        </header>
        <p className="quiet">
          The begin of the window, <Moment at={iso(view.from)} lead={false} />, with{' '}
          {view.at === null ? 'its end' : 'the moment'}, <Moment at={iso(view.at ?? view.to)} lead={false} />.
        </p>
      </section>
      {router !== '' ? <RouterDiff router={router} /> : <WholeFleet />}
    </div>
  );
}

/** By router it is told what opened, changed and closed; by anything else how many there were. */
function WholeFleet() {
  const { view } = useNavigation();
  return (view.parameters.get('by') ?? 'router') === 'router' ? <RouterMoves /> : <FleetDiff />;
}

function ByChoice() {
  const { view, change } = useNavigation();
  return (
    <label>
      by{' '}
      <select value={view.parameters.get('by') ?? 'router'} onChange={(e) => change({ by: e.target.value })}>
        {['router', 'state', 'peer_gateway', 'interface', 'fpc', 'tunnel', 'tunnel_group'].map((d) => (
          <option key={d}>{d}</option>
        ))}
      </select>
    </label>
  );
}

function RouterMoves() {
  const { view, change } = useNavigation();
  const diff = useAnswer<FleetDiffAnswer>('/api/fleet/diff', momentsOf(view));
  const missing = diff.data?.coverage.missing ?? [];
  const column = (name: 'before' | 'after' | 'opened' | 'changed' | 'closed', title: string) => ({
    name,
    title,
    right: true,
    cell: (r: FleetDiffAnswer['routers'][number]) => number(r[name]),
    by: (r: FleetDiffAnswer['routers'][number]) => r[name],
  });
  return (
    <Panel
      title="The fleet then and then"
      query={diff}
      wide
      aside={<ByChoice />}
      empty={(d) => d.routers.length === 0 && 'No router listed a session at these times.'}
      note={
        missing.length === 0
          ? undefined
          : `Nothing came between from ${missing.slice(0, 8).join(', ')}${missing.length > 8 ? ' …' : ''}.`
      }
    >
      {(data) => (
        <Table
          label="The fleet then and then"
          rows={data.routers}
          keyOf={(r) => r.router}
          columns={[
            {
              name: 'router',
              title: 'Router',
              cell: (r) => <RouterLink name={r.router} />,
              by: (r) => r.router,
            },
            column('before', 'Before'),
            column('after', 'After'),
            column('opened', 'Opened'),
            column('changed', 'Changed'),
            column('closed', 'Closed'),
            {
              name: 'which',
              title: 'Which ones',
              cell: (r) => (
                <button
                  type="button"
                  className="plain"
                  aria-label={`Compare ${r.router}`}
                  onClick={() => change({ router: r.router })}
                >
                  Compare
                </button>
              ),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function FleetDiff() {
  const { view } = useNavigation();
  const { from, to } = momentsOf(view);
  const by = view.parameters.get('by') ?? 'router';
  const before = useAnswer<FleetCounts>('/api/fleet', { at: from, by });
  const after = useAnswer<FleetCounts>('/api/fleet', { at: to, by });
  return (
    <Panel
      title="The fleet then and then"
      query={after}
      wide
      aside={<ByChoice />}
      empty={(d) =>
        d.groups.length === 0 && before.data?.groups.length === 0 && 'No router has a history at these times.'
      }
    >
      {(data) => {
        const was = new Map(before.data?.groups.map((g) => [g.name, g.sessions]) ?? []);
        const is = new Map(data.groups.map((g) => [g.name, g.sessions]));
        const rows = [...new Set([...was.keys(), ...is.keys()])]
          .map((name) => ({ name, before: was.get(name) ?? 0, after: is.get(name) ?? 0 }))
          .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
        return (
          <Table
            label="The fleet then and then"
            rows={rows}
            keyOf={(r) => r.name}
            columns={[
              {
                name: 'name',
                title: by,
                cell: (r) => r.name || 'not known',
                by: (r) => r.name,
              },
              {
                name: 'before',
                title: 'Before',
                right: true,
                cell: (r) => number(r.before),
                by: (r) => r.before,
              },
              {
                name: 'after',
                title: 'After',
                right: true,
                cell: (r) => number(r.after),
                by: (r) => r.after,
              },
              {
                name: 'difference',
                title: 'Difference',
                right: true,
                cell: (r) => signed(r.after - r.before),
                by: (r) => r.after - r.before,
              },
            ]}
          />
        );
      }}
    </Panel>
  );
}

const signed = (n: number): string => (n > 0 ? `+${number(n)}` : n < 0 ? `−${number(-n)}` : '0');

function RouterDiff({ router }: { readonly router: string }) {
  const { view } = useNavigation();
  const diff = useAnswer<DiffAnswer>(`${routerPath(router)}/diff`, momentsOf(view));
  return (
    <>
      <Panel title={`${router} then and then`} query={diff} wide>
        {(data) => <Summary data={data} />}
      </Panel>
      {diff.data !== undefined && <Differences router={router} query={diff} />}
    </>
  );
}

function Differences({
  router,
  query: diff,
}: {
  readonly router: string;
  readonly query: UseQueryResult<DiffAnswer, ApiError>;
}) {
  return (
    <>
      <Panel title="Opened" query={diff} empty={(d) => d.counts.opened === 0 && 'None.'}>
        {(data) => <Sessions router={router} label="Opened" rows={data.opened} all={data.counts.opened} />}
      </Panel>
      <Panel title="Closed" query={diff} empty={(d) => d.counts.closed === 0 && 'None.'}>
        {(data) => <Sessions router={router} label="Closed" rows={data.closed} all={data.counts.closed} />}
      </Panel>
      <Panel title="Changed" query={diff} wide empty={(d) => d.counts.changed === 0 && 'None.'}>
        {(data) => (
          <Table
            label="Changed"
            rows={data.changed}
            keyOf={(s) => `${s.tunnel} ${s.session}`}
            columns={[
              {
                name: 'session',
                title: 'Session',
                cell: (s) => <SessionLink router={router} tunnel={s.tunnel} session={s.session} />,
              },
              { name: 'user', title: 'User name', cell: (s) => text(s.values['user_name']) },
              {
                name: 'changes',
                title: 'Before → after',
                words: true,
                cell: (s) => <Changes changes={s.changes} />,
              },
            ]}
          />
        )}
      </Panel>
    </>
  );
}

const text = (v: Value): string => (v === undefined ? '' : value(v));

function Summary({ data }: { readonly data: DiffAnswer }) {
  const sum = (name: string): string => {
    const error = Number(data.traffic_errors[name] ?? 0);
    return `${data.lower_bounds > 0 ? '≥ ' : ''}${bytes(data.traffic[name] ?? 0)}${error === 0 ? '' : ` ± ${bytes(error)}`}`;
  };
  return (
    <dl className="figures">
      <Figure label="Before">
        <Moment at={data.before.at} />
      </Figure>
      <Figure label="After">
        <Moment at={data.after.at} />
      </Figure>
      <Figure label={<State name="opened" />}>{number(data.counts.opened)}</Figure>
      <Figure label={<State name="changed" />}>{number(data.counts.changed)}</Figure>
      <Figure label={<State name="closed" as="gone" />}>{number(data.counts.closed)}</Figure>
      <Figure label="The same">{number(data.counts.unchanged)}</Figure>
      <Figure label="Data Rx between">{sum('data_rx_bytes')}</Figure>
      <Figure label="Data Tx between">{sum('data_tx_bytes')}</Figure>
    </dl>
  );
}

function Sessions(props: {
  readonly router: string;
  readonly label: string;
  readonly rows: DiffAnswer['opened'];
  readonly all: number;
}) {
  const { router, label, rows, all } = props;
  return (
    <>
      <Table
        label={label}
        rows={rows}
        keyOf={(s) => `${s.tunnel} ${s.session}`}
        most={15}
        columns={[
          {
            name: 'session',
            title: 'Session',
            cell: (s) => <SessionLink router={router} tunnel={s.tunnel} session={s.session} />,
            by: (s) => s.tunnel * 65_536 + s.session,
          },
          { name: 'state', title: 'State', cell: (s) => <State name={String(s.values['state'] ?? '')} /> },
          {
            name: 'user',
            title: 'User name',
            cell: (s) => text(s.values['user_name']),
            by: (s) => text(s.values['user_name']),
          },
          {
            name: 'peer',
            title: 'Peer',
            cell: (s) => text(s.values['remote_name']),
            by: (s) => text(s.values['remote_name']),
          },
          {
            name: 'created',
            title: 'Created',
            right: true,
            cell: (s) => (s.created_at === null ? '' : <Moment at={s.created_at} short />),
            by: (s) => s.created_at ?? '',
          },
        ]}
      />
      {all > rows.length && (
        <p className="quiet">
          The first {number(rows.length)} of {number(all)}.
        </p>
      )}
    </>
  );
}
