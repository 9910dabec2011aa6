/** Connect speeds: as sold and as updated, and lines that got slower. */
import { type SpeedDrops, type SpeedPlans, useAnswer } from '../api.ts';
import { number, rate, visible } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { Offer, useWanted } from '../wanted.tsx';
import { Csv } from './csv.tsx';

const speed = (bits: number | bigint | null): string =>
  bits === null ? 'not printed' : Number(bits) === 0 ? '0' : rate(Number(bits));

export function Plans() {
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

export function Updates() {
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

export function Drops() {
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
