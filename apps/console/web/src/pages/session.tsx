/** One session: a timeline, its other end, and all that is known of it. */
import {
  type FieldFacts,
  type HistoryAnswer,
  type OtherEndAnswer,
  type SessionAnswer,
  type Value,
  sessionPath,
  useAnswer,
} from '../api.ts';
import { duration, number, value, visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { type View, momentOf, useNavigation } from '../view.ts';
import { Changes } from './changes.tsx';
import { type Key, SameSubscriber } from './same-subscriber.tsx';
import { Rates } from './session-traffic.tsx';

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
