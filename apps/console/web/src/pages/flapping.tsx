/** Subscribers and tunnels that come and go. */
import { type FlappingAnswer, useAnswer } from '../api.ts';
import { duration, number, visible } from '../format.ts';
import { Moment, RouterLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { rangeOf, useNavigation } from '../view.ts';

export function FlappingLines() {
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

export function FlappingTunnels() {
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
