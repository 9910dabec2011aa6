/** The fleet file's copy, which is joined to every question. */
import type { Fleet } from '@sessionreel/ops';
import type { Store } from './client.ts';

/** What the fleet file says of a router; null where it says nothing and a default applies. */
export interface RouterEntry {
  readonly router: string;
  readonly timeZone: string;
  readonly release: string;
  readonly site: string;
  readonly role: 'lac' | 'lns' | '';
  readonly platform: string;
  readonly maxSessionsChassis: number | null;
  readonly maxSessionsInterface: number | null;
  readonly maxSessionsTunnel: number | null;
  readonly peers: readonly string[];
}

/** Makes the copy equal to the file; routers that it no longer names are marked as removed. */
export async function writeRouters(store: Store, entries: readonly RouterEntry[]): Promise<void> {
  const loadedAt = new Date().toISOString().slice(0, 23).replace('T', ' ');
  const names = new Set(entries.map((e) => e.router));
  const known = await store.rows<{ router: string }>('SELECT router FROM routers FINAL WHERE NOT removed');
  const gone = known
    .filter((r) => !names.has(r.router))
    .map(({ router }) => ({ router, removed: true, loaded_at: loadedAt }));
  const rows = entries.map((e) => ({
    router: e.router,
    time_zone: e.timeZone,
    release: e.release,
    site: e.site,
    role: e.role,
    platform: e.platform,
    max_sessions_chassis: e.maxSessionsChassis,
    max_sessions_interface: e.maxSessionsInterface,
    max_sessions_tunnel: e.maxSessionsTunnel,
    peers: e.peers,
    removed: false,
    loaded_at: loadedAt,
  }));
  await store.insert('routers', [...gone, ...rows], { settings: { insert_deduplicate: 0 } });
}

/** Copies a fleet file: `writeRouters` in the file's own words. */
export async function copyFleet(store: Store, fleet: Fleet): Promise<void> {
  const entries = [...fleet.routers].map(([router, said]): RouterEntry => ({
    router,
    timeZone: said.timezone,
    release: said.release,
    site: said.site,
    role: said.role,
    platform: said.platform,
    maxSessionsChassis: said.limits.chassis ?? null,
    maxSessionsInterface: said.limits.interface ?? null,
    maxSessionsTunnel: said.limits.tunnel ?? null,
    peers: said.peers,
  }));
  await writeRouters(store, entries);
}
