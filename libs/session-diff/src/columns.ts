/** Which word of a table row holds what. Slots of session-model's full rows are split: what many sessions share, what each has. */
import { counterFields, fields, indexOfField, presenceWords, slotOf } from '@sessionreel/session-model';

/** Words of a table row. */
export const Col = {
  /** tunnel << 16 | session. */
  key: 0,
  profile: 1,
  /** Number of the snapshot that showed the session last. */
  seen: 2,
  rank: 3,
  /** Print set: see prints.ts. */
  printSet: 4,
  /** The router's local seconds; `noTime` when not idle or not known. */
  idleSince: 5,
  /** Seconds, signed. */
  clockOffset: 6,
  flags: 7,
  /** Float64: when it was last seen (ms). */
  lastSeen: 8,
  /** Float64: when its counters were last seen (ms); of a closed one: when it was gone by. */
  countersAt: 10,
  unknown: 12,
  rounding: 13,
  vary: 16,
} as const;

export const noTime = 0xffffffff;

export const Flag = {
  /** Closed, and remembered in case it returns. */
  closed: 1,
  /** It opened with reason `new`: its counters began in our sight. */
  born: 2,
  /** Its create time lies in an hour that came twice, in the first one. */
  early: 4,
} as const;

/** Fields that differ from session to session, so that they would spoil a shared profile. */
const varying = [
  'session_remote_id',
  'create_time',
  'call_serial_number',
  'interface_unit',
  'user_name',
  'peer_ip',
  'interface_id',
  'nas_port',
  'statistics_since',
];
export const varyFields: readonly number[] = varying.map(indexOfField);
/** Row slot of each varying value; its table word is `Col.vary + i`. */
export const varySlots: readonly number[] = varyFields.map((index) => slotOf[index] as number);

const counterIndexes = counterFields.map((f) => fields.indexOf(f));
/** Row slots of the counters, low words. Counter i's table word is `counterStart + 2 * i`. */
export const counterSlots: Uint16Array = Uint16Array.from(counterIndexes, (index) => slotOf[index] as number);
export const counterIndex: Uint8Array = Uint8Array.from(counterIndexes);
export const counterStart: number = Col.vary + varyFields.length;
/** Counters that the text of most releases does not print stand last, so that their words can be left out. */
export const mainCounters: number = counterFields.findIndex((f) => f.name.startsWith('lcp_'));
const even = (n: number): number => n + (n & 1);
/** Even, so that the Float64 columns stay aligned. */
export const narrowWords: number = even(counterStart + 2 * mainCounters);
export const wideWords: number = even(counterStart + 2 * counterFields.length);

/** Everything else, shared as a tuple: presence of all fields, then the words of the fields that are left. */
const sharedIndexes = fields.flatMap((f, index) =>
  f.role === 'identity' || f.role === 'clock' || f.role === 'counter' || varyFields.includes(index)
    ? []
    : [index],
);
export const sharedSlots: readonly number[] = sharedIndexes.flatMap((index) => {
  const slot = slotOf[index] as number;
  return fields[index]?.type === 'u64' ? [slot, slot + 1] : [slot];
});
export const profileWords: number = presenceWords + sharedSlots.length;
