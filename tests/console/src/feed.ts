/** What the tests' routers printed, and what is true of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { demoRouters, headersOf, simulate, type Capture, type TruthEvent } from '@sessionreel/fleet-sim';

const references = new URL('../../pipeline/fixtures/reference/', import.meta.url);

export interface Sent {
  readonly router: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ListedTruth {
  readonly tunnel: number;
  readonly session: number;
  readonly uid: number;
  readonly state: string | null;
  readonly user: string | null;
}

export interface ListingTruth {
  readonly at: number;
  readonly sessions: readonly ListedTruth[];
}

/** Truths that cross from the set-up to the tests, as JSON. */
export interface Truth {
  /** Begin and end of the fleet's life (ms UTC). */
  readonly from: number;
  readonly to: number;
  readonly roles: Readonly<Record<string, string>>;
  /** Every listing of each router, in order. */
  readonly listings: Readonly<Record<string, readonly ListingTruth[]>>;
  /** Tunnels that went down and routers that failed over, with how many sessions. */
  readonly losses: readonly {
    readonly at: number;
    readonly router: string;
    readonly kind: string;
    readonly sessions: number;
  }[];
  readonly bigSessions: number;
}

export const hostileRouter = 'evil/"><img src=x onerror=alert(1)>';
export const hostileUser = `<script>alert(1)</script>' OR 1=1 -- \u001b[31mred\u202e`;
export const bigRouter = 'big-lns';
export const canaryUser = 'canary.user@secret.example';
const begin = Date.UTC(2026, 10, 18, 2);
const durationMs = 12 * 60_000;
/** When everything else was captured: the end of the fleet's life. */
const end = begin + durationMs;
const bigSessions = 60_000;

export function feed(): { readonly messages: Sent[]; readonly truth: Truth } {
  const messages: Sent[] = [];
  const listings: Record<string, ListingTruth[]> = {};
  const losses: Truth['losses'][number][] = [];
  const fleet = simulate({
    seed: 'console',
    routers: demoRouters,
    start: begin,
    durationMs,
    pollEveryMs: 30_000,
    faults: { router: { tunnelDown: 60, failover: 30 } },
    life: { lifetimeMs: 25 * 60_000, setupFailure: 0.04, lingerMs: 60_000 },
  });
  for (const item of fleet) {
    if (item.kind !== 'capture') {
      if (isLoss(item))
        losses.push({ at: item.at, router: item.router, kind: item.kind, sessions: item.sessions });
      continue;
    }
    messages.push({
      router: item.router,
      value: item.bytes,
      headers: { ...headersOf(item), timezone: item.timezone },
    });
    (listings[item.router] ??= []).push(listingOf(item));
  }
  const headers = { 'captured-at': new Date(end).toISOString(), complete: 'true' };
  for (const file of readdirSync(references).sort())
    messages.push({
      router: `ref-${file.slice(0, 2)}`,
      value: readFileSync(new URL(file, references)),
      headers,
    });
  messages.push({ router: hostileRouter, value: named(hostileUser), headers });
  messages.push({ router: 'canary-lns', value: named(canaryUser), headers });
  messages.push({ router: bigRouter, value: bigListing(), headers });
  messages.push({
    router: 'nonsense',
    value: Buffer.from(`this is no listing of "${canaryUser}"\n`),
    headers,
  });
  const roles = Object.fromEntries(demoRouters.map((r) => [r.name, r.role]));
  return { messages, truth: { from: begin, to: end, roles, listings, losses, bigSessions } };
}

const isLoss = (item: TruthEvent): item is Extract<TruthEvent, { kind: 'tunnel_down' | 'failover' }> =>
  item.kind === 'tunnel_down' || item.kind === 'failover';

function listingOf(capture: Capture): ListingTruth {
  const sessions = capture.truth.listing?.sessions ?? [];
  return {
    at: capture.capturedAt,
    sessions: sessions.map(({ uid, record: { values } }) => ({
      uid,
      tunnel: Number(values['tunnel_local_id']),
      session: Number(values['session_local_id']),
      state: typeof values['state'] === 'string' ? values['state'] : null,
      user: typeof values['user_name'] === 'string' ? values['user_name'] : null,
    })),
  };
}

/** The reference of an LNS on M Series, with another user name in its first session. */
export function named(user: string): Uint8Array {
  const text = readFileSync(new URL('07-extensive-lns-on-m-series-routers.txt', references), 'utf8');
  return Buffer.from(text.replace(/Username: ?[^\n,]*/, `Username: ${user}`));
}

/** As an LNS on MX prints it in brief. */
function bigListing(): Uint8Array {
  const lines = [
    'user@big-lns> show services l2tp session',
    'Tunnel local ID: 40553',
    '  Local  Remote   State                Interface         Interface',
    '  ID     ID                            unit              Name',
  ];
  for (let id = 1; id <= bigSessions; id++)
    lines.push(
      `  ${String(id).padEnd(7)}${String(id % 60_001).padEnd(9)}Established          ${String(1_073_741_824 + id).padEnd(18)}si-5/2/0`,
    );
  return Buffer.from(`${lines.join('\n')}\n\nuser@big-lns> `);
}
