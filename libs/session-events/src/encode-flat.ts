/**
 * Encoder of flat deltas: from typed arrays to bytes, with no object nor string for a session. The bytes are those of
 * `encodeDelta(unflatten(flat))`, which a property test checks.
 *
 * Room is made once for the numbers of an entry (`ensure`), then `put…` functions write without looking.
 */
import {
  changedWords,
  counterFields,
  CounterSlot,
  counterTimes,
  errorStart,
  fields,
  halfWidth,
  ImageMeta,
  imageMetaWords,
  imageTimes,
  PrintSlot,
  printTimes,
  printWords,
  roundingStart,
  roundingWords,
  rowWords,
  unknownSlot,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type PrintList,
  type StringTable,
} from '@sessionreel/session-model';
import { writerOf, type Write } from './encode.ts';
import { FieldKind, planKind, sessionSlot, tunnelSlot } from './image-plan.ts';
import { imageShapeOf, type ImageShape } from './image-shapes.ts';
import { sessionDeltaSchema } from './schema.ts';
import { treeOf } from './tree.ts';
import {
  ensure,
  putDouble,
  putNumber,
  putOption,
  putWords,
  writeLong,
  writeText,
  type EventWriter,
} from './writer.ts';

/** A varint of a long takes ten bytes at most, its union branch one more. */
const long = 11;

/** Numbers of an image, without its texts. */
const imageRoom = long * (planKind.length + 16) + fields.length + 2;

function writeImages(w: EventWriter, list: ImageList, strings: StringTable): void {
  const { count } = list;
  if (count > 0) {
    writeLong(w, count);
    for (let i = 0; i < count; i++) writeImage(w, list, i, strings);
  }
  writeLong(w, 0);
}

function writeImage(w: EventWriter, list: ImageList, index: number, strings: StringTable): void {
  const { words, meta, times } = list;
  const row = index * rowWords;
  const m = index * imageMetaWords;
  const t = index * imageTimes;
  ensure(w, imageRoom);
  let at = putWords(w.bytes, w.at, words[row + tunnelSlot] as number, 0);
  w.at = putWords(w.bytes, at, words[row + sessionSlot] as number, 0);
  writeInterned(w, strings, meta[m + ImageMeta.reason] as number);
  writeChanged(w, meta, m + ImageMeta.changed);
  ensure(w, imageRoom);
  const { bytes } = w;
  at = putNumber(bytes, w.at, times[t] as number);
  at = putOption(bytes, at, times[t + 1] as number);
  at = putOption(bytes, at, times[t + 2] as number);
  const offset = meta[m + ImageMeta.clockOffset] as number;
  at = putWords(bytes, at, offset, (offset | 0) >> 31);
  at = putWords(bytes, at, meta[m + ImageMeta.layoutLow] as number, meta[m + ImageMeta.layoutHigh] as number);
  at = putNumber(bytes, at, times[t + 3] as number);
  const shape = imageShapeOf(words, row);
  const { presence } = shape;
  for (let i = 0; i < presence.length; i++) bytes[at++] = presence[i] as number;
  w.at = at;
  writeRounding(w, words, row);
  writeUnknown(w, words[row + unknownSlot] as number, strings);
  writeValues(w, shape, words, row, strings);
}

/** Text from the string table: its bytes are UTF-8 already. */
function writeInterned(w: EventWriter, strings: StringTable, id: number): void {
  const length = strings.byteLength(id);
  ensure(w, length + long);
  w.at = strings.copyTo(id, w.bytes, putWords(w.bytes, w.at, length, 0));
}

function writeChanged(w: EventWriter, meta: Uint32Array, start: number): void {
  let any = 0;
  for (let i = 0; i < changedWords; i++) any |= meta[start + i] as number;
  let count = 0;
  if (any !== 0)
    for (let i = 0; i < fields.length; i++) count += ((meta[start + (i >>> 5)] as number) >>> (i & 31)) & 1;
  if (count > 0) {
    writeLong(w, count);
    for (let i = 0; i < fields.length; i++) {
      if ((((meta[start + (i >>> 5)] as number) >>> (i & 31)) & 1) === 1)
        writeText(w, (fields[i] as { name: string }).name);
    }
  }
  writeLong(w, 0);
}

const halfWidths = Array.from({ length: 16 }, (_, n) => Number(halfWidth(n)));

function writeRounding(w: EventWriter, words: Uint32Array, row: number): void {
  let any = 0;
  for (let i = 0; i < roundingWords; i++) any |= words[row + roundingStart + i] as number;
  if (any !== 0) writeRoundings(w, words, row);
  writeLong(w, 0);
}

function writeRoundings(w: EventWriter, words: Uint32Array, row: number): void {
  const of = (i: number): number =>
    ((words[row + roundingStart + (i >>> 3)] as number) >>> ((i & 7) << 2)) & 15;
  let count = 0;
  for (let i = 0; i < counterFields.length; i++) if (of(i) !== 0) count++;
  writeLong(w, count);
  counterFields.forEach((f, i) => {
    if (of(i) === 0) return;
    writeText(w, f.name);
    writeLong(w, halfWidths[of(i)] as number);
  });
}

function writeUnknown(w: EventWriter, id: number, strings: StringTable): void {
  if (id !== 0) {
    const unknown = JSON.parse(strings.text(id)) as [string, string][];
    if (unknown.length > 0) {
      writeLong(w, unknown.length);
      for (const [name, value] of unknown) {
        writeText(w, name);
        writeText(w, value);
      }
    }
  }
  writeLong(w, 0);
}

function writeValues(
  w: EventWriter,
  { gaps, kinds, slots, rest }: ImageShape,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): void {
  ensure(w, imageRoom);
  let { bytes, at } = w;
  for (let i = 0; i < kinds.length; i++) {
    for (let gap = gaps[i] as number; gap > 0; gap--) bytes[at++] = 0;
    const slot = row + (slots[i] as number);
    const value = words[slot] as number;
    const kind = kinds[i];
    if (kind === FieldKind.text) {
      const length = strings.byteLength(value);
      if (at + length + imageRoom > bytes.length) {
        w.at = at;
        ensure(w, length + imageRoom);
        ({ bytes } = w);
      }
      at = strings.copyTo(value, bytes, putWords(bytes, at, length, 0));
      continue;
    }
    bytes[at++] = 2;
    if (kind === FieldKind.datetime) at = putNumber(bytes, at, value * 1000);
    else at = putWords(bytes, at, value, kind === FieldKind.wide ? (words[slot + 1] as number) : 0);
  }
  for (let gap = rest; gap > 0; gap--) bytes[at++] = 0;
  w.at = at;
}

const counterRoom = long * (6 + 2 * counterFields.length) + 8;

/** The hot path of a steady fleet: an entry for each session that had traffic. */
function writeCounters(w: EventWriter, list: CounterList): void {
  const { count, stride, words, times } = list;
  if (count > 0) {
    writeLong(w, count);
    const first = CounterSlot.deltas;
    const end = stride > errorStart ? stride : errorStart;
    for (let i = 0; i < count; i++) {
      ensure(w, counterRoom);
      const { bytes } = w;
      const base = i * stride;
      const t = i * counterTimes;
      let at = putWords(bytes, w.at, words[base] as number, 0);
      at = putWords(bytes, at, words[base + CounterSlot.session] as number, 0);
      const created = times[t] as number;
      const option = at;
      at = putOption(bytes, at, created);
      // Where the router's wall clock is UTC, both are one.
      if (times[t + 1] === created)
        for (let end = at, i = option; i < end; i++) bytes[at++] = bytes[i] as number;
      else at = putOption(bytes, at, times[t + 1] as number);
      at = putDouble(bytes, at, times[t + 2] as number);
      bytes[at++] = (words[base + CounterSlot.kind] as number) << 1;
      at = putWords(bytes, at, words[base + CounterSlot.seen] as number, 0);
      for (let slot = base + first; slot < base + end; slot += 2) {
        const low = words[slot] as number;
        const high = words[slot + 1] as number;
        // A byte for what is small: most of a record.
        if (high === 0 && low < 64) bytes[at++] = low << 1;
        else at = putWords(bytes, at, low, high);
      }
      w.at = at;
    }
  }
  writeLong(w, 0);
}

function writePrints(w: EventWriter, list: PrintList): void {
  const { count, words, times } = list;
  if (count > 0) {
    writeLong(w, count);
    for (let i = 0; i < count; i++) {
      ensure(w, 8 * long);
      const { bytes } = w;
      const base = i * printWords;
      const t = i * printTimes;
      let at = putWords(bytes, w.at, words[base] as number, 0);
      at = putWords(bytes, at, words[base + PrintSlot.session] as number, 0);
      at = putOption(bytes, at, times[t] as number);
      at = putWords(
        bytes,
        at,
        words[base + PrintSlot.layoutLow] as number,
        words[base + PrintSlot.layoutHigh] as number,
      );
      at = putNumber(bytes, at, times[t + 1] as number);
      at = putOption(bytes, at, times[t + 2] as number);
      const offset = words[base + PrintSlot.clockOffset] as number;
      w.at = putWords(bytes, at, offset, (offset | 0) >> 31);
    }
  }
  writeLong(w, 0);
}

type FlatWrite = (w: EventWriter, flat: FlatDelta) => void;

const flatWriters: Readonly<Record<string, FlatWrite>> = {
  opened: (w, flat) => writeImages(w, flat.opened, flat.strings),
  changed: (w, flat) => writeImages(w, flat.changed, flat.strings),
  closed: (w, flat) => writeImages(w, flat.closed, flat.strings),
  rebase: (w, flat) => writeImages(w, flat.rebase, flat.strings),
  keyframe: (w, flat) => writeImages(w, flat.keyframe, flat.strings),
  counters: (w, flat) => writeCounters(w, flat.counters),
  counters_rounded: (w, flat) => writeCounters(w, flat.counters_rounded),
  prints: (w, flat) => writePrints(w, flat.prints),
};

const steps: readonly FlatWrite[] = stepsOf();

function stepsOf(): FlatWrite[] {
  const tree = treeOf(sessionDeltaSchema);
  if (tree.kind !== 'record') throw new Error('SessionDelta is no record');
  return tree.fields.map(({ name, type }) => {
    const flatWrite = flatWriters[name];
    if (flatWrite !== undefined) return flatWrite;
    const write: Write = writerOf(type);
    return (w, flat) => write(w, flat[name as keyof FlatDelta]);
  });
}

/** Appends the Avro datum of `flat`, without framing. */
export function encodeFlatDelta(flat: FlatDelta, w: EventWriter): void {
  for (const step of steps) step(w, flat);
}
