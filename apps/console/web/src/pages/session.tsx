/** One session: a timeline, its counters, its other end, and the same subscriber elsewhere. */
import {
  sessionPath,
  useAnswer,
  type FieldFacts,
  type HistoryAnswer,
  type OtherEndAnswer,
  type SessionAnswer,
  type SessionTraffic,
  type Value,
} from '../api.ts';
import { Chart, type Line } from '../chart.tsx';
import { bytes, duration, number, value, visible } from '../format.ts';
import { Link, Moment, RouterLink, SessionLink, sessionPage } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation, type View } from '../view.ts';
import { Changes } from './changes.tsx';

interface Key {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
}

export function Session(key: Key) {
  const { view } = useNavigation();
  const path = sessionPath(key.router, key.tunnel, key.session);
  const now = useAnswer<SessionAnswer>(path, momentOf(view));
  const history = useAnswer<HistoryAnswer>(`${path}/history`, whole(view));
  // Who asks about a session that has ended wants to know whose it was.
  const last = now.data?.live === false ? lastBefore(history.data, view.at ?? view.to) : undefined;
  const known = now.data?.record ?? last?.values;
  return (
    <div className="grid">
      <Panel title="At this moment" query={now} wide>
        {(data) => <AtMoment data={data} />}
      </Panel>
      <Panel
        title="Timeline"
        query={history}
        wide
        empty={(d) => d.events.length === 0 && 'No session had these ids in the last 30 days.'}
        note={<Vouched data={history.data} />}
      >
        {(data) => <Timeline data={data} />}
      </Panel>
      <Rates path={path} />
      <OtherEnd path={path} />
      <SameSubscriber known={known} own={key} />
      <Panel
        title={last === undefined ? 'All that is known' : 'As it was last listed'}
        query={now}
        empty={(d) => d.record === null && last === undefined && 'It was not live at this moment.'}
        note={last === undefined ? undefined : <LastListed event={last} />}
      >
        {() => <Record record={known ?? {}} />}
      </Panel>
    </div>
  );
}

type Happened = HistoryAnswer['events'][number];

/** The newest event until a moment (ms UTC): what it holds is as the session was last. */
const lastBefore = (history: HistoryAnswer | undefined, moment: number): Happened | undefined =>
  history?.events.findLast((e) => Date.parse(e.at) <= moment);

function LastListed({ event }: { readonly event: Happened }) {
  return (
    <>
      Last seen <Moment at={event.last_seen_at} />, gone by <Moment at={event.at} />.
    </>
  );
}

/** A session's story is longer than the window: from thirty days before it until now, or the window where that is longer. */
function whole(view: View): { from: string } {
  return view.live
    ? { from: '-30d' }
    : { from: new Date(Math.min(view.from, view.to - 30 * 86_400_000)).toISOString() };
}

function AtMoment({ data }: { readonly data: SessionAnswer }) {
  const { record } = data;
  if (record === null)
    return (
      <p className="nothing">
        It was not live: the listing of <Moment at={data.as_of.at} /> did not hold it. Its timeline says when
        it was.
      </p>
    );
  const text = (name: string): string => value(record[name] as Value);
  const up = record['up_time_s'];
  return (
    <dl className="figures">
      <Figure label="State">
        <State name={text('state')} />
      </Figure>
      {record['user_name'] !== undefined && <Figure label="User name">{text('user_name')}</Figure>}
      {record['peer_ip'] !== undefined && <Figure label="Address">{text('peer_ip')}</Figure>}
      {typeof up === 'number' && <Figure label="Up">{duration(up * 1_000)}</Figure>}
      {data.created_at !== null && (
        <Figure label="Created">
          <Moment at={data.created_at} />
        </Figure>
      )}
      {record['remote_name'] !== undefined && <Figure label="Peer">{text('remote_name')}</Figure>}
      <Figure label="As of" hint={data.as_of.complete ? undefined : 'a listing that was not whole'}>
        <Moment at={data.as_of.at} />
      </Figure>
    </dl>
  );
}

function Timeline({ data }: { readonly data: HistoryAnswer }) {
  const events = [...data.events].reverse();
  return (
    <ol className="timeline scroll" tabIndex={0} aria-label="What happened to it, the newest first">
      {events.map((e, i) => (
        <li key={`${e.at} ${e.kind} ${i}`}>
          <Moment at={e.at} />
          <State name={e.kind} as={e.kind === 'closed' ? 'gone' : e.kind} />
          <div>
            {e.reason !== '' && <span className="quiet">{e.reason.replaceAll('_', ' ')} </span>}
            {e.kind === 'closed' && (
              <span>
                ended between <Moment at={e.last_seen_at} /> and <Moment at={e.at} />
              </span>
            )}
            {e.kind === 'opened' && e.created_at !== null && (
              <span>
                created <Moment at={e.created_at} />
              </span>
            )}
            <Changes changes={e.changes} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function Vouched({ data }: { readonly data: HistoryAnswer | undefined }) {
  const voucher = data?.vouchers[0];
  if (voucher === undefined) return null;
  return (
    <>
      {number(voucher.snapshots)} snapshots vouch for this, from <Moment at={voucher.first} /> to{' '}
      <Moment at={voucher.last} />.
    </>
  );
}

function Rates({ path }: { readonly path: string }) {
  const { view } = useNavigation();
  const range = rangeOf(view);
  const traffic = useAnswer<SessionTraffic>(`${path}/traffic`, range);
  const history = useAnswer<HistoryAnswer>(`${path}/history`, range);
  return (
    <Panel
      title="Traffic"
      query={traffic}
      wide
      empty={(d) =>
        d.points.length === 0 &&
        'No counters of it in this window: a LAC prints none, and what was not printed is unknown, not zero.'
      }
      note={<Totals data={history.data} points={traffic.data?.points ?? []} />}
    >
      {({ points }) => (
        <Chart
          label="Traffic of the session"
          at={points.map((p) => Date.parse(p.at) / 1_000)}
          lines={[
            rateLine('Rx', points, (p) => [p.rx_bytes, p.rx_error]),
            rateLine('Tx', points, (p) => [p.tx_bytes, p.tx_error]),
          ]}
          unit="bit/s"
          stepS={Math.max(1, Math.round(middle(points.map((p) => p.interval_s))))}
          from={view.from}
          to={view.to}
        />
      )}
    </Panel>
  );
}

/** bit/s, between what it may have been where the router printed rounded numbers. */
function rateLine(
  name: string,
  points: SessionTraffic['points'],
  of: (point: SessionTraffic['points'][number]) => readonly [bytes: number | bigint, half: number | bigint],
): Line {
  const rates = points.map((p) => of(p).map((n) => (Number(n) * 8) / Math.max(1, p.interval_s)));
  const values = rates.map(([middle = 0]) => middle);
  if (rates.every(([, half = 0]) => half === 0)) return { name, values };
  return {
    name,
    values,
    bounds: {
      low: rates.map(([middle = 0, half = 0]) => Math.max(0, middle - half)),
      high: rates.map(([middle = 0, half = 0]) => middle + half),
    },
  };
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;

function Totals({
  data,
  points,
}: {
  readonly data: HistoryAnswer | undefined;
  readonly points: SessionTraffic['points'];
}) {
  const rounded = points.some((p) => Number(p.rx_error) + Number(p.tx_error) > 0);
  const told = (data?.traffic ?? []).flatMap((t) => {
    const of = (name: string): string | null => {
      if (!t.seen.includes(name)) return null;
      const error = t.errors[name] ?? 0;
      const least = t.lower_bounds > 0 ? '≥ ' : '';
      return `${least}${bytes(t.sums[name] ?? 0)}${Number(error) === 0 ? '' : ` ± ${bytes(error)}`}`;
    };
    const [rx, tx] = [of('data_rx_bytes'), of('data_tx_bytes')];
    return rx === null && tx === null ? [] : [`Rx ${rx ?? 'unknown'}, Tx ${tx ?? 'unknown'}`];
  });
  return told.length === 0 ? null : (
    <>
      In all: {told.join('; ')}.
      {rounded && ' The router rounds its counters: each rate lies within the band.'}
    </>
  );
}

function OtherEnd({ path }: { readonly path: string }) {
  const { view } = useNavigation();
  const other = useAnswer<OtherEndAnswer>(`${path}/other-end`, momentOf(view));
  return (
    <Panel
      title="Its other end"
      query={other}
      empty={(d) => d.ends.length === 0 && 'No router that is polled lists its other end at this moment.'}
    >
      {(data) => (
        <ul className="plain-list">
          {data.ends.map((e) => (
            <li key={`${e.router} ${e.tunnel} ${e.session}`}>
              <State name={e.state} /> <RouterLink name={e.router} /> <SessionLink {...e} />{' '}
              <span className="quiet">
                ids crossed, and the same {e.by.join(', ').replaceAll('_', ' ')}
                {e.user_name === '' ? '' : ` – ${visible(e.user_name)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function SameSubscriber({
  known,
  own,
}: {
  /** Values of the session, as it is or was. */
  readonly known: Readonly<Record<string, unknown>> | undefined;
  readonly own: Key;
}) {
  const user = known?.['user_name'];
  const address = known?.['peer_ip'];
  const named = typeof user === 'string' && user !== '' && !/^user-[0-9a-f]{16}$/.test(user);
  const addressed = typeof address === 'string' && address !== '';
  const parameters = named ? { user } : addressed ? { address } : {};
  const found = useAnswer<HistoryAnswer>(
    '/api/subscribers',
    { ...parameters, from: '-30d' },
    named || addressed,
  );
  if (!named && !addressed)
    return (
      <section className="panel" aria-label="The same subscriber">
        <header>
          <h2>The same subscriber</h2>
        </header>
        <p className="nothing">
          Neither a user name nor an address of it is known, so that others cannot be told to be the same.
        </p>
      </section>
    );
  return (
    <Panel
      title={named ? 'The same subscriber' : 'The same address'}
      query={found}
      empty={(d) => othersOf(d, own).length === 0 && 'No other session in the last 30 days.'}
    >
      {(d) => (
        <Table
          label="Other sessions"
          rows={othersOf(d, own)}
          keyOf={(s, i) => `${s.router} ${s.tunnel} ${s.session} ${i}`}
          most={20}
          columns={[
            { name: 'router', title: 'Router', cell: (s) => <RouterLink name={s.router} /> },
            {
              name: 'session',
              title: 'Session',
              cell: (s) => (
                <Link
                  to={sessionPage(s.router, s.tunnel, s.session)}
                  with={{ at: s.last }}
                >{`${s.tunnel}/${s.session}`}</Link>
              ),
            },
            { name: 'from', title: 'First event', right: true, cell: (s) => <Moment at={s.first} /> },
            { name: 'to', title: 'Last event', right: true, cell: (s) => <Moment at={s.last} /> },
            {
              name: 'kind',
              title: 'Which was',
              cell: (s) => <State name={s.kind} as={s.kind === 'closed' ? 'gone' : s.kind} />,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function othersOf(data: HistoryAnswer, own: Key) {
  const byIncarnation = Map.groupBy(
    data.events,
    (e) => `${e.router} ${e.tunnel} ${e.session} ${e.create_time ?? ''}`,
  );
  return [...byIncarnation.values()]
    .flatMap((events) => {
      const [first, last] = [events[0], events.at(-1)];
      if (first === undefined || last === undefined) return [];
      const same =
        first.router === own.router && first.tunnel === own.tunnel && first.session === own.session;
      return same ? [] : [{ ...first, first: first.at, last: last.at, kind: last.kind }];
    })
    .sort((a, b) => (a.last < b.last ? 1 : -1));
}

function Record({ record }: { readonly record: NonNullable<SessionAnswer['record']> }) {
  const facts = useAnswer<{ fields: FieldFacts[] }>('/api/fields');
  const known = new Map(facts.data?.fields.map((f) => [f.name, f]) ?? []);
  const rows = Object.entries(record).filter(([name]) => !name.endsWith('_error') || known.has(name));
  return (
    <Table
      label="All that is known"
      rows={rows}
      keyOf={([name]) => name}
      most={80}
      columns={[
        { name: 'name', title: 'Field', cell: ([name]) => <span title={known.get(name)?.doc}>{name}</span> },
        {
          name: 'value',
          title: 'Value',
          words: true,
          cell: ([name, v]) => {
            const half = record[`${name}_error`];
            const unit = known.get(name)?.unit ?? null;
            const shown =
              typeof v === 'object' && v !== null
                ? JSON.stringify(v)
                : unit !== null && (typeof v === 'number' || typeof v === 'bigint')
                  ? number(v)
                  : value(v);
            return (
              <>
                {shown}
                {half !== undefined && ` ± ${value(half as Value)}`}
                {typeof v !== 'string' && unit !== null && <small className="quiet"> {unit}</small>}
              </>
            );
          },
        },
      ]}
    />
  );
}
