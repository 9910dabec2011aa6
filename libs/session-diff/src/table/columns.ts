/**
 * Which word of a table row holds what. Slots of session-model's full rows are split: what each session has for itself, what many
 * share (tuples in pools), counters.
 */
import {
  counterFields,
  fields,
  indexOfField,
  presenceWords,
  rowWords,
  slotOf,
} from '@sessionreel/session-model';

/** Words of a table row: what stands still while a fleet does, then what most listings move. */
export const Col = {
  /** tunnel << 16 | session. */
  key: 0,
  /** Tuple of attributes and of the presence of all fields. */
  profile: 1,
  /** Tuple of what the access line gives: speeds, port. */
  line: 2,
  /** Tuple of the counters' rounding; 0 when all are exact. */
  rounding: 3,
  rank: 4,
  /** Print set: see prints.ts. */
  printSet: 5,
  /** Seconds, signed. */
  clockOffset: 6,
  flags: 7,
  unknown: 8,
  vary: 9,
  /** Number of the snapshot that showed the session last. */
  seen: 18,
  /** The router's local seconds; `noTime` when not idle or not known. */
  idleSince: 19,
  /** A moment: when it was last seen (ms). */
  lastSeen: 20,
  /** A moment: when its counters were last seen (ms); of a closed one: when it was gone by. */
  countersAt: 21,
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

/** Fields that differ from session to session, so that they would spoil a shared tuple. One word each. */
const varying = [
  'session_remote_id',
  'create_time',
  'call_serial_number',
  'interface_unit',
  'bundle_id',
  'user_name',
  'peer_ip',
  'interface_id',
  'statistics_since',
].map(indexOfField);
/** Row slot of each varying value; its table word is `Col.vary + i`. */
export const varySlots: Uint16Array = Uint16Array.from(varying, (index) => slotOf[index] as number);
/** Word that holds the create time. */
export const createColumn: number = Col.vary + varying.indexOf(indexOfField('create_time'));
/** First of the words that a steady session moves: they lie at the end. */
export const movingStart: number = Col.seen;
if (Col.vary + varySlots.length !== movingStart) throw new Error('words of a row overlap');
/** First word of the counters: those before it are alike in all layouts. */
export const counterStart: number = Col.countersAt + 1;

/** Fields of the access line: alike for the subscribers of a product, or each its own. */
const lineFields = [
  'tx_speed',
  'tx_speed_initial',
  'tx_speed_source',
  'rx_speed',
  'rx_speed_initial',
  'rx_speed_source',
  'nas_port',
].map(indexOfField);

const slotsOf = (indexes: readonly number[]): Uint16Array =>
  Uint16Array.from(
    indexes.flatMap((index) => {
      const slot = slotOf[index] as number;
      return fields[index]?.type === 'u64' ? [slot, slot + 1] : [slot];
    }),
  );
export const lineSlots: Uint16Array = slotsOf(lineFields);

/** Everything else: after the presence of all fields, the words of these slots. */
export const sharedSlots: Uint16Array = slotsOf(
  fields.flatMap((f, index) =>
    f.role === 'identity' || f.role === 'clock' || f.role === 'counter' || varying.includes(index)
      ? []
      : lineFields.includes(index)
        ? []
        : [index],
  ),
);
export const profileWords: number = presenceWords + sharedSlots.length;

const counterIndexes = counterFields.map((f) => fields.indexOf(f));
/** Row slots of the counters. */
export const counterSlots: Uint16Array = Uint16Array.from(counterIndexes, (index) => slotOf[index] as number);
export const counterIndex: Uint8Array = Uint8Array.from(counterIndexes);
/** Fields that hold the id of a text, and the slot that holds it. */
export const textSlots: readonly { readonly index: number; readonly slot: number }[] = fields.flatMap(
  (f, index) =>
    f.type === 'text' || f.type === 'word' || f.type === 'address'
      ? [{ index, slot: slotOf[index] as number }]
      : [],
);
/** By row slot: 1 where it holds the id of a text. */
export const isTextSlot: Uint8Array = new Uint8Array(rowWords);
for (const { slot } of textSlots) isTextSlot[slot] = 1;

/** How rows hold counters. All begin alike, so that a narrow row is the beginning of a wide one. */
export interface RowLayout {
  /** Place among the layouts. */
  readonly number: number;
  /** Words of a row. */
  readonly stride: number;
  /** Word of a counter's low half; 0 where rows have none: the counter is 0. */
  readonly low: Uint8Array;
  /** Word of its high half; 0 where rows have none: the counter is below 2^32. */
  readonly high: Uint8Array;
}

/**
 * From the narrowest to the widest: data counters in 64 bits and the others in 32, without LCP echoes and with them; then all in
 * 64 bits, for a router that prints more in one that is known to have 32. A table goes on to the first that holds its values.
 */
export const layouts: readonly RowLayout[] = (() => {
  const names = counterFields.map((f) => f.name);
  const data = names.filter((name) => name.startsWith('data_'));
  const echo = names.filter((name) => name.startsWith('lcp_'));
  const other = names.filter((name) => !data.includes(name) && !echo.includes(name));
  const layout = (number: number, two: readonly string[], one: readonly string[]): RowLayout => {
    const low = new Uint8Array(names.length);
    const high = new Uint8Array(names.length);
    let next = counterStart;
    for (const name of two) {
      low[names.indexOf(name)] = next++;
      high[names.indexOf(name)] = next++;
    }
    for (const name of one) low[names.indexOf(name)] = next++;
    return { number, stride: next, low, high };
  };
  return [
    layout(0, data, other),
    layout(1, data, [...other, ...echo]),
    layout(2, [...data, ...other, ...echo], []),
  ];
})();
