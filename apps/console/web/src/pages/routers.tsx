/** All routers at the moment. */
import { useAnswer, type RoutersAnswer } from '../api.ts';
import { duration, number, percent } from '../format.ts';
import { Moment, RouterLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, useNavigation } from '../view.ts';

export function Routers() {
  const { view } = useNavigation();
  const routers = useAnswer<RoutersAnswer>('/api/routers', momentOf(view));
  return (
    <div className="grid">
      <Panel
        title="Routers"
        query={routers}
        wide
        empty={(d) => d.routers.length === 0 && 'No router has a history at this time.'}
        note="Limits in italics are the vendor's defaults: the fleet file names none."
      >
        {(data) => (
          <Table
            label="Routers"
            rows={data.routers}
            keyOf={(r) => r.router}
            most={500}
            columns={[
              {
                name: 'router',
                title: 'Router',
                cell: (r) => <RouterLink name={r.router} />,
                by: (r) => r.router,
              },
              { name: 'role', title: 'Role', cell: (r) => r.role.toUpperCase(), by: (r) => r.role },
              { name: 'site', title: 'Site', cell: (r) => r.site, by: (r) => r.site },
              { name: 'platform', title: 'Platform', cell: (r) => r.platform, by: (r) => r.platform },
              { name: 'release', title: 'Junos', cell: (r) => r.release, by: (r) => r.release },
              { name: 'zone', title: 'Its clock', cell: (r) => r.time_zone, by: (r) => r.time_zone },
              {
                name: 'sessions',
                title: 'Sessions',
                right: true,
                cell: (r) => number(r.sessions),
                by: (r) => r.sessions,
              },
              {
                name: 'limit',
                title: 'Limit',
                right: true,
                cell: (r) => (r.limit_is_known ? number(r.limit) : <i>{number(r.limit)}</i>),
                by: (r) => r.limit,
              },
              {
                name: 'full',
                title: 'Full',
                right: true,
                cell: (r) => percent(r.sessions / r.limit),
                by: (r) => r.sessions / r.limit,
              },
              {
                name: 'snapshots',
                title: 'Snapshots',
                right: true,
                cell: (r) => number(r.snapshots),
                by: (r) => r.snapshots,
              },
              {
                name: 'newest',
                title: 'Newest',
                right: true,
                cell: (r) => <Moment at={r.newest} />,
                by: (r) => r.newest,
              },
              {
                name: 'age',
                title: 'Age',
                right: true,
                cell: (r) => duration(Math.max(0, Date.parse(data.at) - Date.parse(r.newest))),
                by: (r) => -Date.parse(r.newest),
              },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}
