/** A flat delta as objects: for tests, tools and people. It is also what the flat encoder is checked against. */
import { counterFields, fields } from './catalogue.ts';
import type { CounterDelta, RoundedCounterDelta, SessionDelta, SessionImage, SessionPrint } from './delta.ts';
import {
  CounterSlot,
  counterKinds,
  counterTimes,
  CounterTime,
  errorStart,
  ImageMeta,
  imageMetaWords,
  imageTimes,
  ImageTime,
  PrintSlot,
  printTimes,
  PrintTime,
  printWords,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type PrintList,
} from './flat.ts';
import { recordOfRow, type FieldValue } from './record.ts';
import { getPresence, getU64, presenceLetters, rowWords } from './row.ts';
import type { StringTable } from './strings.ts';

export function unflatten(flat: FlatDelta): SessionDelta {
  const { strings, ...rest } = flat;
  const images = (list: ImageList): SessionImage[] =>
    Array.from({ length: list.count }, (_, i) => imageOf(list, i, strings));
  return {
    ...rest,
    opened: images(flat.opened),
    changed: images(flat.changed),
    closed: images(flat.closed),
    rebase: images(flat.rebase),
    keyframe: images(flat.keyframe),
    counters: Array.from({ length: flat.counters.count }, (_, i) => counterOf(flat.counters, i)),
    counters_rounded: Array.from({ length: flat.counters_rounded.count }, (_, i) =>
      roundedOf(flat.counters_rounded, i),
    ),
    prints: Array.from({ length: flat.prints.count }, (_, i) => printOf(flat.prints, i)),
  };
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

function imageOf(list: ImageList, index: number, strings: StringTable): SessionImage {
  const row = index * rowWords;
  const meta = list.meta.subarray(index * imageMetaWords);
  const times = list.times.subarray(index * imageTimes);
  const record = recordOfRow(list.words, row, strings);
  const values: Record<string, FieldValue> = {};
  let presence = '';
  fields.forEach((f, i) => {
    presence += presenceLetters[getPresence(list.words, row, i)] ?? '';
    if (f.role === 'identity' || f.role === 'clock') return;
    const isText = f.type === 'text' || f.type === 'word' || f.type === 'address';
    const value = record.values[f.name];
    if (value === undefined || value === null || value === '') values[f.name] = isText ? '' : null;
    else values[f.name] = f.type === 'datetime' ? Number(value) * 1000 : value;
  });
  return {
    tunnel_local_id: Number(record.values['tunnel_local_id'] ?? 0),
    session_local_id: Number(record.values['session_local_id'] ?? 0),
    reason: strings.text(meta[ImageMeta.reason] ?? 0),
    changed: fields
      .filter((_, i) => (((meta[ImageMeta.changed + (i >>> 5)] ?? 0) >>> (i & 31)) & 1) === 1)
      .map((f) => f.name),
    last_seen_at: times[ImageTime.lastSeenAt] ?? 0,
    created_at: orNull(times[ImageTime.createdAt]),
    idle_since: orNull(times[ImageTime.idleSince]),
    clock_offset_s: (meta[ImageMeta.clockOffset] ?? 0) | 0,
    layout: getU64(meta, ImageMeta.layoutLow),
    rank: times[ImageTime.rank] ?? 0,
    presence,
    rounding: Object.fromEntries(Object.entries(record.rounding).map(([name, half]) => [name, Number(half)])),
    unknown: record.unknown.map(([name, value]) => ({ name, value })),
    values,
  };
}

function counterOf(list: CounterList, index: number): CounterDelta {
  const words = list.words.subarray(index * list.stride);
  const times = list.times.subarray(index * counterTimes);
  return {
    tunnel_local_id: words[CounterSlot.tunnel] ?? 0,
    session_local_id: words[CounterSlot.session] ?? 0,
    create_time: orNull(times[CounterTime.createTime]),
    created_at: orNull(times[CounterTime.createdAt]),
    interval_s: times[CounterTime.interval] ?? 0,
    kind: counterKinds[words[CounterSlot.kind] ?? 0] ?? 'normal',
    seen: words[CounterSlot.seen] ?? 0,
    deltas: Object.fromEntries(
      counterFields.map((f, i) => [f.name, getU64(words, CounterSlot.deltas + 2 * i)]),
    ),
  };
}

function roundedOf(list: CounterList, index: number): RoundedCounterDelta {
  const words = list.words.subarray(index * list.stride);
  const errors = Object.fromEntries(
    counterFields.map((f, i) => [`${f.name}_error`, getU64(words, errorStart + 2 * i)]),
  );
  return { ...counterOf(list, index), errors };
}

function printOf(list: PrintList, index: number): SessionPrint {
  const words = list.words.subarray(index * printWords);
  const times = list.times.subarray(index * printTimes);
  return {
    tunnel_local_id: words[PrintSlot.tunnel] ?? 0,
    session_local_id: words[PrintSlot.session] ?? 0,
    create_time: orNull(times[PrintTime.createTime]),
    layout: getU64(words, PrintSlot.layoutLow),
    rank: times[PrintTime.rank] ?? 0,
    idle_since: orNull(times[PrintTime.idleSince]),
    clock_offset_s: (words[PrintSlot.clockOffset] ?? 0) | 0,
  };
}
