/**
 * Decoder of today's deltas into their flat form, the inverse of encode-flat.ts, for a restore: sessions become words and numbers in
 * typed arrays, their texts ids of the reader's string table. No object nor string is made for one. `decodeDelta` reads the same as
 * objects, which a property test checks.
 */
import {
  addCounter,
  addImage,
  addPrint,
  changedWords,
  counterFields,
  CounterSlot,
  counterTimes,
  createCounterList,
  createImageList,
  createPrintList,
  fields,
  ImageMeta,
  imageMetaWords,
  imageTimes,
  Presence,
  presenceLetters,
  PrintSlot,
  printTimes,
  printWords,
  rowWords,
  setRounding,
  StringTable,
  unknownSlot,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type PrintList,
} from '@sessionreel/session-model';
import { readerOf, type Read } from './decode.ts';
import { FieldKind, planKind, planShift, planSlot, planWord, sessionSlot, tunnelSlot } from './image-plan.ts';
import {
  AvroDataError,
  createEventReader,
  readBlock,
  readDouble,
  readLength,
  readLong,
  readOption,
  readSome,
  readText,
  readWords,
  type EventReader,
} from './reader.ts';
import { sessionDeltaSchema } from './schema.ts';
import { treeOf } from './tree.ts';

/** Halves of a long that is read for one of them. */
const pair = new Uint32Array(2);

/** Id of a text; the session before most often has the same one. */
function readAlike(r: EventReader, strings: StringTable, likely: number): number {
  const length = readLength(r);
  if (length === 0) return 0;
  const start = r.at;
  r.at = start + length;
  return strings.equals(likely, r.bytes, start, r.at) ? likely : strings.intern(r.bytes, start, r.at);
}

function readImages(r: EventReader, list: ImageList, strings: StringTable): void {
  list.count = 0;
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) readImage(r, list, addImage(list), strings);
}

function readImage(r: EventReader, list: ImageList, i: number, strings: StringTable): void {
  const { words, meta, times } = list;
  const row = i * rowWords;
  words.fill(0, row, row + rowWords);
  words[row + tunnelSlot] = readLong(r);
  words[row + sessionSlot] = readLong(r);
  const m = i * imageMetaWords;
  meta[m + ImageMeta.reason] = readAlike(r, strings, i === 0 ? 0 : (meta[m - imageMetaWords] as number));
  readChanged(r, meta, m + ImageMeta.changed);
  const t = i * imageTimes;
  times[t] = readLong(r);
  times[t + 1] = readOption(r);
  times[t + 2] = readOption(r);
  meta[m + ImageMeta.clockOffset] = readLong(r);
  readWords(r, meta, m + ImageMeta.layoutLow);
  times[t + 3] = readLong(r);
  readPresence(r, words, row);
  readRounding(r, words, row);
  readUnknown(r, words, row, strings);
  readValues(r, words, row, i === 0 ? row : row - rowWords, strings);
}

const fieldNumbers: ReadonlyMap<string, number> = new Map(fields.map((f, index) => [f.name, index]));

function readChanged(r: EventReader, meta: Uint32Array, start: number): void {
  for (let w = 0; w < changedWords; w++) meta[start + w] = 0;
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) {
      const index = fieldNumbers.get(readText(r));
      // A field that this release does not have is none that it can show.
      if (index === undefined) continue;
      const word = start + (index >>> 5);
      meta[word] = ((meta[word] as number) | (1 << (index & 31))) >>> 0;
    }
}

const presenceOf = new Uint8Array(256).fill(255);
for (let p = 0; p < presenceLetters.length; p++) presenceOf[presenceLetters.charCodeAt(p)] = p;

/** A presence that was written before a field was added is shorter: the field was absent then. */
function readPresence(r: EventReader, words: Uint32Array, row: number): void {
  const length = readLength(r);
  const { bytes, at } = r;
  if (length > fields.length) throw new AvroDataError(`a presence of ${length} letters at byte ${at}`);
  r.at = at + length;
  for (let from = 0; from < length; from += 16) {
    const end = Math.min(length, from + 16);
    let word = 0;
    for (let k = end - 1; k >= from; k--) {
      const presence = presenceOf[bytes[at + k] as number] as number;
      if (presence > 3) throw new AvroDataError(`no letter of a presence at byte ${at + k}`);
      word = (word << 2) | presence;
    }
    words[row + (from >>> 4)] = word;
  }
}

const counterNumbers: ReadonlyMap<string, number> = new Map(counterFields.map((f, c) => [f.name, c]));

function readRounding(r: EventReader, words: Uint32Array, row: number): void {
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) {
      const counter = counterNumbers.get(readText(r));
      const half = readLong(r);
      if (counter !== undefined && half > 0) setRounding(words, row, counter, String(half).length);
    }
}

function readUnknown(r: EventReader, words: Uint32Array, row: number, strings: StringTable): void {
  const unknown: [string, string][] = [];
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) unknown.push([readText(r), readText(r)]);
  if (unknown.length > 0) words[row + unknownSlot] = strings.internText(JSON.stringify(unknown));
}

/** @param before the row of the image before, or the row itself. */
function readValues(
  r: EventReader,
  words: Uint32Array,
  row: number,
  before: number,
  strings: StringTable,
): void {
  for (let i = 0; i < planKind.length; i++) {
    const slot = planSlot[i] as number;
    const kind = planKind[i];
    const isValue =
      (((words[row + (planWord[i] as number)] as number) >>> (planShift[i] as number)) & 3) ===
      Presence.value;
    if (kind === FieldKind.text) {
      const id = readAlike(r, strings, words[before + slot] as number);
      if (isValue) words[row + slot] = id;
    } else if (readSome(r)) {
      if (kind === FieldKind.datetime) {
        const ms = readLong(r);
        if (isValue) words[row + slot] = Math.round(ms / 1000);
        continue;
      }
      readWords(r, pair, 0);
      if (!isValue) continue;
      words[row + slot] = pair[0] as number;
      if (kind === FieldKind.wide) words[row + slot + 1] = pair[1] as number;
    }
  }
}

function readCounters(r: EventReader, list: CounterList): void {
  list.count = 0;
  const { stride } = list;
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) {
      const i = addCounter(list);
      const { words, times } = list;
      const base = i * stride;
      const t = i * counterTimes;
      words[base] = readLong(r);
      words[base + CounterSlot.session] = readLong(r);
      times[t] = readOption(r);
      times[t + 1] = readOption(r);
      times[t + 2] = readDouble(r);
      words[base + CounterSlot.kind] = readLong(r);
      words[base + CounterSlot.seen] = readLong(r);
      for (let slot = base + CounterSlot.deltas; slot < base + stride; slot += 2) readWords(r, words, slot);
    }
}

function readPrints(r: EventReader, list: PrintList): void {
  list.count = 0;
  for (let count = readBlock(r); count > 0; count = readBlock(r))
    for (; count > 0; count--) {
      const i = addPrint(list);
      const { words, times } = list;
      const base = i * printWords;
      const t = i * printTimes;
      words[base] = readLong(r);
      words[base + PrintSlot.session] = readLong(r);
      times[t] = readOption(r);
      readWords(r, words, base + PrintSlot.layoutLow);
      times[t + 1] = readLong(r);
      times[t + 2] = readOption(r);
      words[base + PrintSlot.clockOffset] = readLong(r);
    }
}

type FlatRead = (r: EventReader, flat: FlatDelta) => void;

const flatReaders: Readonly<Record<string, FlatRead>> = {
  opened: (r, flat) => readImages(r, flat.opened, flat.strings),
  changed: (r, flat) => readImages(r, flat.changed, flat.strings),
  closed: (r, flat) => readImages(r, flat.closed, flat.strings),
  rebase: (r, flat) => readImages(r, flat.rebase, flat.strings),
  keyframe: (r, flat) => readImages(r, flat.keyframe, flat.strings),
  counters: (r, flat) => readCounters(r, flat.counters),
  counters_rounded: (r, flat) => readCounters(r, flat.counters_rounded),
  prints: (r, flat) => readPrints(r, flat.prints),
};

const steps: readonly FlatRead[] = stepsOf();

function stepsOf(): FlatRead[] {
  const tree = treeOf(sessionDeltaSchema);
  if (tree.kind !== 'record') throw new Error('SessionDelta is no record');
  return tree.fields.map(({ name, type }) => {
    const flatRead = flatReaders[name];
    if (flatRead !== undefined) return flatRead;
    const read: Read = readerOf(type, type, false);
    return (r, flat) => {
      (flat as unknown as Record<string, unknown>)[name] = read(r);
    };
  });
}

/** What every call fills: events are taken up one after another. */
const decoded: FlatDelta = {
  router: '',
  at: 0,
  captured_at: 0,
  seq: 0,
  gop: 0,
  piece: 0,
  pieces: 0,
  ledger: [],
  strings: new StringTable(),
  opened: createImageList(),
  changed: createImageList(),
  closed: createImageList(),
  rebase: createImageList(),
  keyframe: createImageList(),
  counters: createCounterList(),
  counters_rounded: createCounterList(true),
  prints: createPrintList(),
  anomalies: [],
  router_events: [],
  layouts: [],
  router_state: new Uint8Array(),
};

/**
 * Decodes a datum of today's schema (see `currentDatum` for others).
 * @param strings what the sessions' texts are interned into
 * @returns a delta that is valid until the next call
 * @throws AvroDataError when the bytes are not such a datum; texts that came before stay interned
 */
export function decodeFlatDelta(datum: Uint8Array, strings: StringTable): FlatDelta {
  const r = createEventReader(datum);
  decoded.strings = strings;
  for (const step of steps) step(r, decoded);
  if (r.at !== r.end) throw new AvroDataError(`${r.end - r.at} bytes after the Avro datum`);
  return decoded;
}
