/**
 * Encoder of flat deltas: from typed arrays to bytes, with no object nor string for a session. The bytes are those of
 * `encodeDelta(unflatten(flat))`, which a property test checks.
 *
 * Room is made once for the numbers of an entry (`ensure`), then `put…` functions write without looking.
 */
import {
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
  presenceLetters,
  presenceWords,
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
import { FieldKind, planKind, planShift, planSlot, planWord, sessionSlot, tunnelSlot } from './image-plan.ts';
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
  w.at = putPresence(bytes, at, words, row);
  writeRounding(w, words, row);
  writeUnknown(w, words[row + unknownSlot] as number, strings);
  writeValues(w, words, row, strings);
}

/** Text from the string table: its bytes are UTF-8 already. */
function writeInterned(w: EventWriter, strings: StringTable, id: number): void {
  const length = strings.byteLength(id);
  ensure(w, length + long);
  w.at = strings.copyTo(id, w.bytes, putWords(w.bytes, w.at, length, 0));
}

function writeChanged(w: EventWriter, meta: Uint32Array, start: number): void {
  let count = 0;
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

const letterBytes = Uint8Array.from(presenceLetters, (x) => x.charCodeAt(0));

function putPresence(bytes: Uint8Array, start: number, words: Uint32Array, row: number): number {
  let at = putWords(bytes, start, fields.length, 0);
  let left = fields.length;
  for (let i = 0; i < presenceWords; i++) {
    let word = words[row + i] as number;
    for (let n = Math.min(16, left); n > 0; n--) {
      bytes[at++] = letterBytes[word & 3] as number;
      word >>>= 2;
    }
    left -= 16;
  }
  return at;
}

const halfWidths = Array.from({ length: 16 }, (_, n) => Number(halfWidth(n)));

function writeRounding(w: EventWriter, words: Uint32Array, row: number): void {
  let any = 0;
  for (let i = 0; i < roundingWords; i++) any |= words[row + roundingStart + i] as number;
  if (any !== 0) {
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
  writeLong(w, 0);
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

function writeValues(w: EventWriter, words: Uint32Array, row: number, strings: StringTable): void {
  ensure(w, imageRoom);
  let at = w.at;
  for (let i = 0; i < planKind.length; i++) {
    const isValue =
      (((words[row + (planWord[i] as number)] as number) >>> (planShift[i] as number)) & 3) === 1;
    const kind = planKind[i];
    if (!isValue) {
      w.bytes[at++] = 0;
      continue;
    }
    const slot = row + (planSlot[i] as number);
    const value = words[slot] as number;
    if (kind === FieldKind.text) {
      const length = strings.byteLength(value);
      w.at = at;
      ensure(w, length + imageRoom);
      at = strings.copyTo(value, w.bytes, putWords(w.bytes, at, length, 0));
      continue;
    }
    const { bytes } = w;
    bytes[at++] = 2;
    if (kind === FieldKind.datetime) at = putNumber(bytes, at, value * 1000);
    else at = putWords(bytes, at, value, kind === FieldKind.wide ? (words[slot + 1] as number) : 0);
  }
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
      at = putOption(bytes, at, times[t] as number);
      at = putOption(bytes, at, times[t + 1] as number);
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
