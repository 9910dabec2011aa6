/** What comes and goes: arrivals and ends over time, lines and tunnels that flap, anomalies. */
import { QuestionError, asked, utcText, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { dimensions, fleetState } from '../ask/fleet-state.ts';

export interface ChurnPoint {
  /** Begin of the step (ms UTC). */
  readonly at: number;
  readonly router: string;
  readonly opened: number;
  readonly changed: number;
  readonly closed: number;
  /** Snapshots that the step rests on; a step without any has no point. */
  readonly snapshots: number;
}

const mostSteps = 20_000;

/**
 * Sessions that opened, changed and closed in each step and router, by the ledger. A session counts at the snapshot that showed it,
 * and a router's very first snapshot opens all of its sessions.
 */
export async function churn(
  client: QueryClient,
  question: TimeRange & { readonly stepS: number },
): Promise<ChurnPoint[]> {
  const stepS = Math.round(question.stepS);
  const times = checkedRange(question);
  if (!(stepS >= 1) || (question.to - question.from) / 1_000 / stepS > mostSteps)
    throw new QuestionError(`that would be more than ${mostSteps} points: take a longer step`);
  const rows = await client.rows<Record<string, string>>(
    `SELECT toString(s.router) AS name, intDiv(toUnixTimestamp(s.at), {step:UInt32}) * {step:UInt32} AS second,
       sum(opened) AS opened, sum(changed) AS changed, sum(closed) AS closed, count() AS n
     FROM snapshots AS s
     WHERE outcome = 'applied' AND final AND s.at >= {from:DateTime64(3, 'UTC')} AND s.at < {to:DateTime64(3, 'UTC')}
     GROUP BY name, second ORDER BY second, name`,
    asked(question, { ...times, step: stepS }),
  );
  return rows.map((r) => ({
    at: Number(r['second']) * 1_000,
    router: r['name'] ?? '',
    opened: Number(r['opened']),
    changed: Number(r['changed']),
    closed: Number(r['closed']),
    snapshots: Number(r['n']),
  }));
}

export interface FlappingSubscriber {
  readonly userName: string;
  /** Ends of its sessions in the range. */
  readonly ends: number;
  readonly routers: readonly string[];
  /** Median lifetime (s), a lower bound; null when no create time is known. */
  readonly lifetimeS: number | null;
  readonly first: number;
  readonly last: number;
}

export interface FlappingTunnel {
  readonly router: string;
  readonly tunnel: number;
  readonly peerGateway: string;
  /** Snapshots at which most of its sessions had gone at once. */
  readonly flaps: number;
  /** Sessions that went in them. */
  readonly sessions: number;
  readonly first: number;
  readonly last: number;
}

export interface Flapping {
  readonly subscribers: readonly FlappingSubscriber[];
  readonly tunnels: readonly FlappingTunnel[];
  /** Ends of sessions whose captures print no user name: about these subscribers nothing can be said. */
  readonly endsWithoutName: number;
  readonly ends: number;
}

/** Subscribers and tunnels that went at least `least` times, the worst first. */
export async function flapping(
  client: QueryClient,
  question: TimeRange & {
    /** Default 3. */
    readonly least?: number;
    /** A tunnel flaps when so many of its sessions (default 2) and this share of them (default half) go at one snapshot. */
    readonly together?: number;
    readonly share?: number;
    readonly limit?: number;
  },
): Promise<Flapping> {
  const options = asked(question, {
    ...checkedRange(question),
    least: question.least ?? 3,
    at: utcText(question.from),
    together: question.together ?? 2,
    share: question.share ?? 0.5,
    limit: question.limit ?? 100,
  });
  const within = "e.at > {from:DateTime64(3, 'UTC')} AND e.at <= {to:DateTime64(3, 'UTC')}";
  const [total] = await client.rows<{ n: string; unnamed: string }>(
    `SELECT count() AS n, countIf(user_name = '') AS unnamed FROM session_ends AS e WHERE ${within}`,
    options,
  );
  const users = await client.rows<
    Record<string, string> & { routers: string[]; life: number; known: string }
  >(
    `SELECT user_name AS name, count() AS n, groupUniqArray(toString(router)) AS routers, count(lifetime_s) AS known,
       quantile(0.5)(ifNull(lifetime_s, 0)) AS life, ${msOf('min(e.at)')} AS first, ${msOf('max(e.at)')} AS last
     FROM session_ends AS e WHERE ${within} AND user_name != ''
     GROUP BY name HAVING n >= {least:UInt32} ORDER BY n DESC, name LIMIT {limit:UInt32}`,
    options,
  );
  const tunnels = await client.rows<Record<string, string>>(
    `SELECT toString(router) AS name, tunnel, any(peer) AS peer_gateway, count() AS n, sum(gone) AS sessions, ${msOf('min(moment)')} AS first, ${msOf('max(moment)')} AS last
     FROM (
       SELECT router, tunnel, moment, gone, peer,
         sum(toInt64(came) - toInt64(gone)) OVER (PARTITION BY router, tunnel ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
       FROM (SELECT router, tunnel, moment, sum(came) AS came, sum(gone) AS gone, max(peer) AS peer FROM (${tunnelMoves(within)}) GROUP BY router, tunnel, moment))
     WHERE gone >= {together:UInt32} AND gone >= {share:Float64} * before
     GROUP BY name, tunnel HAVING n >= {least:UInt32} ORDER BY n DESC, sessions DESC, name, tunnel LIMIT {limit:UInt32}`,
    options,
  );
  return {
    subscribers: users.map((r) => ({
      userName: r['name'] ?? '',
      ends: Number(r['n']),
      routers: r.routers.toSorted(),
      lifetimeS: r.known === '0' ? null : r.life,
      first: Number(r['first']),
      last: Number(r['last']),
    })),
    tunnels: tunnels.map((r) => ({
      router: r['name'] ?? '',
      tunnel: Number(r['tunnel']),
      peerGateway: r['peer_gateway'] ?? '',
      flaps: Number(r['n']),
      sessions: Number(r['sessions']),
      first: Number(r['first']),
      last: Number(r['last']),
    })),
    endsWithoutName: Number(total?.unnamed ?? 0),
    ends: Number(total?.n ?? 0),
  };
}

/** Sessions of each tunnel when the range begins, and what came and went at each snapshot in it. */
const tunnelMoves = (within: string): string => `
  SELECT toString(router) AS router, tunnel_local_id AS tunnel, {from:DateTime64(3, 'UTC')} AS moment, count() AS came, 0 AS gone, '' AS peer
  FROM ${fleetState('tunnel_local_id, session_local_id')} GROUP BY router, tunnel
  UNION ALL
  SELECT toString(e.router), e.tunnel_local_id, e.at, count(), 0, '' FROM session_history AS e
  WHERE kind = 'opened' AND ${within} AND e.gop <= {to:DateTime64(3, 'UTC')} GROUP BY e.router, e.tunnel_local_id, e.at
  UNION ALL
  SELECT toString(e.router), e.tunnel_local_id, e.at, 0, count(), any(${dimensions.peer_gateway}) FROM session_ends AS e
  WHERE ${within} GROUP BY e.router, e.tunnel_local_id, e.at`;

export interface AnomalyCount {
  readonly router: string;
  readonly kind: string;
  readonly field: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** The newest of them. */
  readonly tunnel: number;
  readonly session: number;
  readonly before: string;
  readonly after: string;
}

/** What cannot be but was printed, by router, kind and field, the most first. */
export async function anomaliesIn(
  client: QueryClient,
  question: TimeRange & { readonly router?: string | undefined; readonly limit?: number },
): Promise<AnomalyCount[]> {
  const rows = await client.rows<Record<string, string>>(
    `SELECT toString(a.router) AS name, kind, field, count() AS n, ${msOf('min(a.at)')} AS first, ${msOf('max(a.at)')} AS last,
       argMax((tunnel_local_id, session_local_id, before, after), (a.at, a.seq)) AS newest,
       newest.1 AS tunnel, newest.2 AS session, newest.3 AS was, newest.4 AS is
     FROM anomalies AS a
     WHERE a.at > {from:DateTime64(3, 'UTC')} AND a.at <= {to:DateTime64(3, 'UTC')} AND ({router:String} = '' OR a.router = {router:String})
     GROUP BY name, kind, field ORDER BY n DESC, name, kind, field LIMIT {limit:UInt32}`,
    asked(question, {
      ...checkedRange(question),
      router: question.router ?? '',
      limit: question.limit ?? 1_000,
    }),
  );
  return rows.map((r) => ({
    router: r['name'] ?? '',
    kind: r['kind'] ?? '',
    field: r['field'] ?? '',
    count: Number(r['n']),
    first: Number(r['first']),
    last: Number(r['last']),
    tunnel: Number(r['tunnel']),
    session: Number(r['session']),
    before: r['was'] ?? '',
    after: r['is'] ?? '',
  }));
}
