/**
 * Sessions that opened within a group: which of the group's deltas are theirs. Mostly the create time tells: deltas carry it, an id that
 * came again has another one, and what a new session counted before it was first seen is a delta of its own.
 */
import { sessionKey } from '../ask/columns.ts';
import type { NativeAnswer } from '../ask/native.ts';

/** What happened to the sessions of a group, but for its keyframe. */
export const openingRows = (where: string): string => `
  SELECT tunnel_local_id AS c_tunnel, session_local_id AS c_session, seq AS c_seq, toUInt8(kind) AS c_kind, reason AS c_reason,
    assumeNotNull(create_time) AS c_created
  FROM session_history WHERE ${where} AND kind != 'keyframe'`;

const Kind = { closed: 0, opened: 1, rebase: 3 } as const;

/** An opening whose deltas are those of its create time. */
interface ClearOpening {
  /** Seconds of the router's wall clock. */
  readonly created: number;
  /** Its counters stand among the deltas: it began in our sight. */
  readonly isNew: boolean;
}

export interface Openings {
  /** By key. */
  readonly clear: ReadonlyMap<number, ClearOpening>;
  /**
   * Keys whose deltas must be looked at by event, with the event of their last absolute values: counters that began anew, sessions
   * that returned, or changed since they opened.
   */
  readonly unclear: ReadonlyMap<number, bigint>;
}

export const noOpenings: Openings = { clear: new Map(), unclear: new Map() };

/** A create time that moves by so much is that of the same incarnation (s). */
const tolerance = 2;

export function openingsOf(rows: NativeAnswer): Openings {
  const [tunnels, ids] = [rows.numbers('c_tunnel').values, rows.numbers('c_session').values];
  const [kinds, created] = [rows.numbers('c_kind').values, rows.numbers('c_created').values];
  const [reasons, seq] = [rows.words('c_reason'), rows.counts('c_seq').values];
  const events = new Map<number, number[]>();
  for (let i = 0; i < rows.rows; i++) {
    const key = sessionKey(tunnels[i] as number, ids[i] as number);
    const known = events.get(key);
    if (known === undefined) events.set(key, [i]);
    else known.push(i);
  }
  const clear = new Map<number, ClearOpening>();
  const unclear = new Map<number, bigint>();
  for (const [key, own] of events) {
    own.sort((a, b) => ((seq[a] as bigint) < (seq[b] as bigint) ? -1 : 1));
    const last = own.findLast((i) => isAbsolute(kinds[i] as number));
    // Closed or changed, and nothing else: the keyframe has its counters.
    if (last === undefined) continue;
    const at = created[last] as number;
    const isAlone = own.every((i) => i === last || Math.abs((created[i] as number) - at) > 2 * tolerance);
    const isPlain = own.every((i) => kinds[i] === Kind.closed || kinds[i] === Kind.opened);
    const reason = reasons.words[reasons.ids[last] as number] ?? '';
    if (at > 0 && isAlone && isPlain && reason !== 'returned')
      clear.set(key, { created: at, isNew: reason === 'new' });
    else unclear.set(key, (seq[last] as bigint) / 8n);
  }
  return { clear, unclear };
}

const isAbsolute = (kind: number): boolean => kind === Kind.opened || kind === Kind.rebase;

/** Whether deltas of this create time are those of the session that has the key now. */
export function isOwn({ clear }: Openings, key: number, created: number): boolean {
  const opening = clear.get(key);
  return opening === undefined || Math.abs(created - opening.created) <= tolerance;
}
