/** Other sessions of the same subscriber, anywhere in the fleet. */
import { type HistoryAnswer, useAnswer } from '../api.ts';
import { Link, Moment, RouterLink, sessionPage } from '../link.tsx';
import { Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';

export interface Key {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
}

export function SameSubscriber({
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
