/**
 * Encoder of flat deltas: from typed arrays to bytes, with no object nor string for a session. The bytes are those of
 * `encodeDelta(unflatten(flat))`, which a property test checks.
 *
 * Room is made once for the numbers of an entry (`ensure`), then `put…` functions write without looking.
 */
import {
  changedWords,
  counterFields,
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
import { filled, putCounters, putNumber, putOption, putWords, sharedPage } from './page.ts';
import { ensure, takePage, writeLong, writeText, type EventWriter } from './writer.ts';

/** A varint of a long takes ten bytes at most, its union branch one more. */
const long = 11;

/** Where numbers are put together: see `sharedPage`. */
const page = sharedPage();

/** Longer texts do not come onto the page. */
const shortMost = 32;
/** What an image takes on the page: numbers, presence, short texts. */
const imageRoom = long * (planKind.length + 16) + fields.length + 2 + shortMost * planKind.length;

function writeImages(w: EventWriter, list: ImageList, strings: StringTable): void {
  const { count } = list;
  if (count > 0) {
    writeLong(w, count);
    let at = 0;
    for (let i = 0; i < count; i++) at = putImage(w, at, list, i, strings);
    takePage(w, at);
  }
  writeLong(w, 0);
}

/** An image on the page, or what does not fit into the writer, behind what stands there. Returns where the next one goes. */
function putImage(
  w: EventWriter,
  start: number,
  list: ImageList,
  index: number,
  strings: StringTable,
): number {
  const { words, meta, times } = list;
  const row = index * rowWords;
  const m = index * imageMetaWords;
  const t = index * imageTimes;
  let at = start;
  if (at + imageRoom > page.length) at = cleared(w, at);
  at = putWords(at, words[row + tunnelSlot] as number, 0);
  at = putWords(at, words[row + sessionSlot] as number, 0);
  at = putText(w, at, strings, meta[m + ImageMeta.reason] as number);
  at = putChanged(w, at, meta, m + ImageMeta.changed);
  at = putNumber(at, times[t] as number);
  at = putOption(at, times[t + 1] as number);
  at = putOption(at, times[t + 2] as number);
  const offset = meta[m + ImageMeta.clockOffset] as number;
  at = putWords(at, offset, (offset | 0) >> 31);
  at = putWords(at, meta[m + ImageMeta.layoutLow] as number, meta[m + ImageMeta.layoutHigh] as number);
  at = putNumber(at, times[t + 3] as number);
  const shape = imageShapeOf(words, row);
  const { presence } = shape;
  for (let i = 0; i < presence.length; i++) page[at++] = presence[i] as number;
  at = putRounding(w, at, words, row);
  at = putUnknown(w, at, words[row + unknownSlot] as number, strings);
  return putValues(w, at, shape, words, row, strings);
}

/** Hands over what stands on the page; returns where the next byte goes on it. */
function cleared(w: EventWriter, at: number): number {
  takePage(w, at);
  return 0;
}

/** Text from the string table: its bytes are UTF-8 already. */
function putText(w: EventWriter, start: number, strings: StringTable, id: number): number {
  const length = strings.byteLength(id);
  const at = putWords(start, length, 0);
  if (length <= shortMost) return strings.copyTo(id, page, at);
  takePage(w, at);
  ensure(w, length);
  w.at = strings.copyTo(id, w.bytes, w.at);
  return 0;
}

function putChanged(w: EventWriter, start: number, meta: Uint32Array, first: number): number {
  let any = 0;
  for (let i = 0; i < changedWords; i++) any |= meta[first + i] as number;
  const at = any === 0 ? start : cleared(w, start);
  if (any !== 0) writeChanged(w, meta, first);
  page[at] = 0;
  return at + 1;
}

function writeChanged(w: EventWriter, meta: Uint32Array, first: number): void {
  const changed = fields.filter((_, i) => (((meta[first + (i >>> 5)] as number) >>> (i & 31)) & 1) === 1);
  writeLong(w, changed.length);
  for (const { name } of changed) writeText(w, name);
}

const halfWidths = Array.from({ length: 16 }, (_, n) => Number(halfWidth(n)));

function putRounding(w: EventWriter, start: number, words: Uint32Array, row: number): number {
  let any = 0;
  for (let i = 0; i < roundingWords; i++) any |= words[row + roundingStart + i] as number;
  const at = any === 0 ? start : cleared(w, start);
  if (any !== 0) writeRoundings(w, words, row);
  page[at] = 0;
  return at + 1;
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

function putUnknown(w: EventWriter, start: number, id: number, strings: StringTable): number {
  const at = id === 0 ? start : cleared(w, start);
  if (id !== 0) writeUnknown(w, JSON.parse(strings.text(id)) as [string, string][]);
  page[at] = 0;
  return at + 1;
}

function writeUnknown(w: EventWriter, unknown: readonly (readonly [string, string])[]): void {
  if (unknown.length === 0) return;
  writeLong(w, unknown.length);
  for (const [name, value] of unknown) {
    writeText(w, name);
    writeText(w, value);
  }
}

function putValues(
  w: EventWriter,
  start: number,
  { gaps, kinds, slots, rest }: ImageShape,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  let at = start;
  for (let i = 0; i < kinds.length; i++) {
    for (let gap = gaps[i] as number; gap > 0; gap--) page[at++] = 0;
    const slot = row + (slots[i] as number);
    const value = words[slot] as number;
    const kind = kinds[i];
    if (kind === FieldKind.text) {
      at = putText(w, at, strings, value);
      continue;
    }
    page[at++] = 2;
    if (kind === FieldKind.datetime) at = putNumber(at, value * 1000);
    else at = putWords(at, value, kind === FieldKind.wide ? (words[slot + 1] as number) : 0);
  }
  for (let gap = rest; gap > 0; gap--) page[at++] = 0;
  return at;
}

/** An entry for each session that had traffic. */
function writeCounters(w: EventWriter, list: CounterList): void {
  if (list.count > 0) writeLong(w, list.count);
  for (let i = 0; i < list.count; i = filled.next) {
    putCounters(list, i);
    takePage(w, filled.end);
  }
  writeLong(w, 0);
}

const printRoom = 8 * long;

function writePrints(w: EventWriter, list: PrintList): void {
  const { count, words, times } = list;
  if (count > 0) {
    writeLong(w, count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + printRoom > page.length) {
        takePage(w, at);
        at = 0;
      }
      const base = i * printWords;
      const t = i * printTimes;
      at = putWords(at, words[base] as number, 0);
      at = putWords(at, words[base + PrintSlot.session] as number, 0);
      at = putOption(at, times[t] as number);
      const low = words[base + PrintSlot.layoutLow] as number;
      at = putWords(at, low, words[base + PrintSlot.layoutHigh] as number);
      at = putNumber(at, times[t + 1] as number);
      at = putOption(at, times[t + 2] as number);
      const offset = words[base + PrintSlot.clockOffset] as number;
      at = putWords(at, offset, (offset | 0) >> 31);
    }
    takePage(w, at);
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
