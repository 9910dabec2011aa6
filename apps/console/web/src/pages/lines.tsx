/** Subscribers' lines: speeds as sold and as updated, drops, silence, echo time-outs, flapping. */
import {
  addressOf,
  useAnswer,
  type EchoAnswer,
  type FlappingAnswer,
  type QuietAnswer,
  type SpeedDrops,
  type SpeedPlans,
} from '../api.ts';
import { duration, number, rate, visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { Offer, useWanted } from '../wanted.tsx';

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

const speed = (bits: number | bigint | null): string =>
  bits === null ? 'not printed' : Number(bits) === 0 ? '0' : rate(Number(bits));

function Plans() {
  const { view } = useNavigation();
  const plans = useAnswer<SpeedPlans>('/api/fleet/speed-plans', momentOf(view));
  return (
    <Panel
      title="Speeds towards the subscriber"
      query={plans}
      empty={(d) => d.plans.length === 0 && 'No session prints a connect speed at this moment.'}
      note={
        plans.data !== undefined && plans.data.without_speed > 0
          ? `${number(plans.data.without_speed)} sessions print no speed.`
          : undefined
      }
    >
      {(data) => (
        <Table
          label="Speeds towards the subscriber"
          rows={data.plans}
          keyOf={(p) => `${p.role} ${String(p.initial)} ${String(p.current)}`}
          most={15}
          columns={[
            {
              name: 'role',
              title: 'On',
              cell: (p) => p.role.toUpperCase() || 'role not known',
              by: (p) => p.role,
            },
            {
              name: 'initial',
              title: 'As the call began',
              right: true,
              cell: (p) => speed(p.initial),
              by: (p) => Number(p.initial ?? -1),
            },
            {
              name: 'current',
              title: 'Now',
              right: true,
              cell: (p) => speed(p.current),
              by: (p) => Number(p.current ?? -1),
            },
            {
              name: 'sessions',
              title: 'Sessions',
              right: true,
              cell: (p) => number(p.sessions),
              by: (p) => p.sessions,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Updates() {
  const { view } = useNavigation();
  const plans = useAnswer<SpeedPlans>('/api/fleet/speed-plans', momentOf(view));
  return (
    <Panel
      title="Updates of speeds"
      query={plans}
      empty={(d) => d.updates.length === 0 && 'No session prints a connect speed at this moment.'}
      note="Where updates fail stands first. Sessions that print one speed only cannot tell whether it was updated."
    >
      {(data) => (
        <Table
          label="Updates of speeds"
          rows={data.updates}
          keyOf={(u) => `${u.router} ${u.peer_gateway}`}
          most={15}
          columns={[
            {
              name: 'router',
              title: 'Router',
              cell: (u) => <RouterLink name={u.router} />,
              by: (u) => u.router,
            },
            {
              name: 'peer',
              title: 'Peer',
              cell: (u) => visible(u.peer_gateway) || 'not printed',
              by: (u) => u.peer_gateway,
            },
            {
              name: 'sessions',
              title: 'Sessions',
              right: true,
              cell: (u) => number(u.sessions),
              by: (u) => u.sessions,
            },
            {
              name: 'updated',
              title: 'Updated',
              right: true,
              cell: (u) => number(u.updated),
              by: (u) => u.updated,
            },
            {
              name: 'failed',
              title: 'Failed',
              right: true,
              cell: (u) => <span className={u.failed > 0 ? 'act' : ''}>{number(u.failed)}</span>,
              by: (u) => u.failed,
            },
            {
              name: 'unknown',
              title: 'Cannot tell',
              right: true,
              cell: (u) => number(u.unknown),
              by: (u) => u.unknown,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Csv({ path, parameters }: { readonly path: string; readonly parameters: Record<string, string> }) {
  return (
    <a className="button" href={addressOf(path, { ...parameters, format: 'csv' })}>
      CSV
    </a>
  );
}

function Drops() {
  const { view } = useNavigation();
  const path = '/api/fleet/speed-drops';
  const { wanted, want } = useWanted(JSON.stringify(rangeOf(view)));
  const drops = useAnswer<SpeedDrops>(path, rangeOf(view), wanted === true);
  if (wanted === false)
    return (
      <Offer title="Lines that got slower" want={want}>
        It follows the connect speeds of every line for a month, which takes a while.
      </Offer>
    );
  return (
    <Panel
      title="Lines that got slower"
      query={drops}
      wide
      aside={<Csv path={path} parameters={rangeOf(view)} />}
      empty={(d) => d.drops.length === 0 && 'No connect speed dropped in this window.'}
      note="Session: it was updated while it ran. Line: the user's next session began slower."
    >
      {(data) => (
        <Table
          label="Lines that got slower, the largest drops first"
          rows={data.drops}
          keyOf={(d, i) => `${d.at} ${d.router} ${d.session} ${i}`}
          most={12}
          columns={[
            { name: 'at', title: 'When', cell: (d) => <Moment at={d.at} />, by: (d) => d.at },
            {
              name: 'router',
              title: 'Router',
              cell: (d) => <RouterLink name={d.router} />,
              by: (d) => d.router,
            },
            { name: 'session', title: 'Session', cell: (d) => <SessionLink {...d} /> },
            {
              name: 'user',
              title: 'User name',
              cell: (d) => visible(d.user_name ?? ''),
              by: (d) => d.user_name ?? '',
            },
            { name: 'peer', title: 'Peer', cell: (d) => visible(d.peer_gateway), by: (d) => d.peer_gateway },
            { name: 'direction', title: 'Direction', cell: (d) => (d.direction === 'tx' ? 'Tx' : 'Rx') },
            {
              name: 'before',
              title: 'Before',
              right: true,
              cell: (d) => speed(d.before),
              by: (d) => Number(d.before),
            },
            {
              name: 'after',
              title: 'After',
              right: true,
              cell: (d) => speed(d.after),
              by: (d) => Number(d.after),
            },
            { name: 'seen', title: 'Of the', cell: (d) => d.seen_in },
          ]}
        />
      )}
    </Panel>
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

function FlappingLines() {
  const { view } = useNavigation();
  const flapping = useAnswer<FlappingAnswer>('/api/fleet/flapping', rangeOf(view));
  const unnamed = flapping.data?.ends_without_name ?? 0;
  return (
    <Panel
      title="Subscribers that come and go"
      query={flapping}
      empty={(d) => d.subscribers.length === 0 && 'No named subscriber ended again and again in this window.'}
      note={
        unnamed === 0
          ? undefined
          : `${number(unnamed)} ends carry no user name: about these nothing can be said.`
      }
    >
      {(data) => (
        <Table
          label="Subscribers that come and go, the worst first"
          rows={data.subscribers}
          keyOf={(s) => s.user_name}
          most={12}
          columns={[
            { name: 'user', title: 'User name', cell: (s) => visible(s.user_name), by: (s) => s.user_name },
            { name: 'ends', title: 'Ends', right: true, cell: (s) => number(s.ends), by: (s) => s.ends },
            {
              name: 'lifetime',
              title: 'Lived (median)',
              right: true,
              cell: (s) => (s.lifetime_s === null ? 'not known' : `≥ ${duration(s.lifetime_s * 1_000)}`),
              by: (s) => s.lifetime_s ?? -1,
            },
            { name: 'routers', title: 'On', words: true, cell: (s) => s.routers.join(', ') },
            {
              name: 'last',
              title: 'Last end',
              right: true,
              cell: (s) => <Moment at={s.last} short />,
              by: (s) => s.last,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function FlappingTunnels() {
  const { view } = useNavigation();
  const flapping = useAnswer<FlappingAnswer>('/api/fleet/flapping', rangeOf(view));
  return (
    <Panel
      title="Tunnels that come and go"
      query={flapping}
      empty={(d) => d.tunnels.length === 0 && 'No tunnel lost most of its sessions at once, again and again.'}
    >
      {(data) => (
        <Table
          label="Tunnels that come and go"
          rows={data.tunnels}
          keyOf={(t) => `${t.router} ${t.tunnel}`}
          most={12}
          columns={[
            {
              name: 'router',
              title: 'Router',
              cell: (t) => <RouterLink name={t.router} />,
              by: (t) => t.router,
            },
            {
              name: 'tunnel',
              title: 'Tunnel',
              right: true,
              cell: (t) => String(t.tunnel),
              by: (t) => t.tunnel,
            },
            { name: 'peer', title: 'Peer', cell: (t) => visible(t.peer_gateway), by: (t) => t.peer_gateway },
            { name: 'flaps', title: 'Times', right: true, cell: (t) => number(t.flaps), by: (t) => t.flaps },
            {
              name: 'sessions',
              title: 'Sessions gone',
              right: true,
              cell: (t) => number(t.sessions),
              by: (t) => t.sessions,
            },
            {
              name: 'last',
              title: 'Last',
              right: true,
              cell: (t) => <Moment at={t.last} short />,
              by: (t) => t.last,
            },
          ]}
        />
      )}
    </Panel>
  );
}
