/** Subscribers' lines: speeds, silence, echo time-outs, coming and going. */
import { type EchoAnswer, type QuietAnswer, useAnswer } from '../api.ts';
import { number, visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { rangeOf, useNavigation } from '../view.ts';
import { Offer, useWanted } from '../wanted.tsx';
import { Csv } from './csv.tsx';
import { FlappingLines, FlappingTunnels } from './flapping.tsx';
import { Drops, Plans, Updates } from './speeds.tsx';

export function Lines() {
  return (
    <div className="grid">
      <Plans />
      <Updates />
      <Drops />
      <Quiet />
      <Echo />
      <FlappingLines />
      <FlappingTunnels />
    </div>
  );
}

function Quiet() {
  const { view } = useNavigation();
  const path = '/api/fleet/quiet-sessions';
  const { wanted, want } = useWanted(JSON.stringify(rangeOf(view)));
  const quiet = useAnswer<QuietAnswer>(path, rangeOf(view), wanted === true);
  if (wanted === false)
    return (
      <Offer title="Sessions without traffic" want={want}>
        It compares the counters of every session of the fleet, which takes a while.
      </Offer>
    );
  return (
    <Panel
      title="Sessions without traffic"
      query={quiet}
      wide
      aside={<Csv path={path} parameters={rangeOf(view)} />}
      empty={(d) => d.sessions === 0 && 'No session was established all through this window.'}
      note="Of those that were established all through the window. Counters may come from a cache of the daemon: within ten minutes nothing is silence."
    >
      {(data) => (
        <>
          <dl className="figures">
            <Figure label="Silent">{number(data.silent)}</Figure>
            <Figure label="Active">{number(data.active)}</Figure>
            <Figure label="Cannot tell" hint="rounded counters">
              {number(data.cannot_tell)}
            </Figure>
            <Figure label="Not known" hint="no counters are printed">
              {number(data.unknown)}
            </Figure>
          </dl>
          {data.list.length > 0 && (
            <Table
              label="Silent sessions"
              rows={data.list}
              keyOf={(q) => `${q.router} ${q.tunnel} ${q.session}`}
              most={12}
              columns={[
                {
                  name: 'router',
                  title: 'Router',
                  cell: (q) => <RouterLink name={q.router} />,
                  by: (q) => q.router,
                },
                { name: 'session', title: 'Session', cell: (q) => <SessionLink {...q} /> },
                {
                  name: 'user',
                  title: 'User name',
                  cell: (q) => visible(q.user_name ?? ''),
                  by: (q) => q.user_name ?? '',
                },
                {
                  name: 'peer',
                  title: 'Peer',
                  cell: (q) => visible(q.peer_gateway),
                  by: (q) => q.peer_gateway,
                },
                {
                  name: 'created',
                  title: 'Created',
                  right: true,
                  cell: (q) => (q.created_at === null ? '' : <Moment at={q.created_at} />),
                  by: (q) => q.created_at ?? '',
                },
              ]}
            />
          )}
        </>
      )}
    </Panel>
  );
}

function Echo() {
  const { view } = useNavigation();
  const echo = useAnswer<EchoAnswer>('/api/fleet/echo-timeouts', rangeOf(view));
  const silent = echo.data?.silent ?? [];
  return (
    <Panel
      title="LCP echo time-outs"
      query={echo}
      empty={(d) =>
        d.peers.length === 0 &&
        (d.printing.length === 0
          ? 'No router prints this counter in this window: there may have been any number.'
          : 'None, on the routers that print the counter.')
      }
      note={
        silent.length === 0
          ? undefined
          : `Not printed by ${silent.slice(0, 8).join(', ')}${silent.length > 8 ? ' …' : ''}.`
      }
    >
      {(data) => (
        <Table
          label="LCP echo time-outs"
          rows={data.peers}
          keyOf={(p) => p.peer_gateway}
          most={12}
          columns={[
            { name: 'peer', title: 'Peer', cell: (p) => visible(p.peer_gateway), by: (p) => p.peer_gateway },
            {
              name: 'timeouts',
              title: 'Time-outs',
              right: true,
              cell: (p) => number(p.timeouts),
              by: (p) => Number(p.timeouts),
            },
            { name: 'routers', title: 'Seen by', words: true, cell: (p) => p.routers.join(', ') },
          ]}
        />
      )}
    </Panel>
  );
}
