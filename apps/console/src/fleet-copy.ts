/** The fleet file's copy in ClickHouse, which questions join to what routers print. */
import { writeRouters, type Store } from '@sessionreel/clickhouse';
import { readFleet } from '@sessionreel/ops';

/** @throws ConfigError for a file that is none; StoreError */
export async function copyFleet(store: Store, path: string): Promise<number> {
  const { routers } = readFleet(path);
  await writeRouters(
    store,
    [...routers].map(([router, r]) => ({
      router,
      timeZone: r.timezone,
      release: r.release,
      site: r.site,
      role: r.role,
      platform: r.platform,
      maxSessionsChassis: r.limits.chassis ?? null,
      maxSessionsInterface: r.limits.interface ?? null,
      maxSessionsTunnel: r.limits.tunnel ?? null,
      peers: r.peers,
    })),
  );
  return routers.size;
}
