import {
  addCounter,
  addImage,
  addPrint,
  counterFields,
  counterTimes,
  CounterSlot,
  createCounterList,
  createImageList,
  createPrintList,
  fields,
  imageMetaWords,
  ImageMeta,
  imageTimes,
  printTimes,
  printWords,
  roundingStart,
  roundingWords,
  rowWords,
  setPresence,
  setRounding,
  StringTable,
  slotOf,
  unflatten,
  unknownSlot,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type Presence,
  type PrintList,
} from '@sessionreel/session-model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDelta } from './decode.ts';
import { decodeFlatDelta } from './decode-flat.ts';
import { deltas } from './delta.fixture.ts';
import { encodeDelta } from './encode.ts';
import { encodeFlatDelta } from './encode-flat.ts';
import { AvroDataError } from './reader.ts';
import { createEventWriter, takeWritten } from './writer.ts';

const word = fc.oneof(
  fc.nat(130),
  fc.nat(0xffffffff),
  fc.constantFrom(0, 63, 64, 0x7fffffff, 0x80000000, 0xffffffff),
);
const time = fc.oneof(fc.nat(4102444800000), fc.constantFrom(Number.NaN, 0, -5));
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant(''),
);
const draws = fc.record({
  texts: fc.array(text, { minLength: 1, maxLength: 6 }),
  words: fc.array(word, { minLength: 50, maxLength: 200 }),
  times: fc.array(time, { minLength: 5, maxLength: 20 }),
  sizes: fc.array(fc.nat(4), { minLength: 8, maxLength: 8 }),
});
type Draws = typeof draws extends fc.Arbitrary<infer T> ? T : never;

/** Hands out drawn values one after another, from the start again when they are used up. */
function dealer<T>(values: readonly T[]): () => T {
  let i = 0;
  return () => values[i++ % values.length] as T;
}

function flatOf({ texts, words, times, sizes }: Draws): FlatDelta {
  const strings = new StringTable();
  const ids = texts.map((x) => strings.internText(x));
  const unknown = strings.internText(JSON.stringify(texts.map((x) => [x, `${x}!`])));
  const nextWord = dealer(words);
  const nextTime = dealer(times);
  const nextId = dealer(ids);
  const notNull = (): number => {
    const value = nextTime();
    return Number.isNaN(value) ? 7 : value;
  };
  const images = (count: number): ImageList => {
    const list = createImageList();
    for (let n = 0; n < count; n++) fillImage(list, addImage(list));
    return list;
  };
  const fillImage = (list: ImageList, i: number): void => {
    const row = i * rowWords;
    fields.forEach((f, index) => {
      setPresence(list.words, row, index, (nextWord() & 3) as Presence);
      const slot = row + (slotOf[index] ?? 0);
      const isText = f.type === 'text' || f.type === 'word' || f.type === 'address';
      list.words[slot] = isText ? nextId() : f.role === 'identity' ? nextWord() & 0xffff : nextWord();
      if (f.type === 'u64') list.words[slot + 1] = nextWord();
      if (f.role === 'identity') setPresence(list.words, row, index, 1);
    });
    counterFields.forEach((_, c) => setRounding(list.words, row, c, (nextWord() & 1) * (nextWord() & 15)));
    list.words[row + unknownSlot] = (nextWord() & 1) * unknown;
    for (let k = 0; k < imageMetaWords; k++) list.meta[i * imageMetaWords + k] = nextWord();
    list.meta[i * imageMetaWords + ImageMeta.reason] = nextId();
    const beyond = 32 - (fields.length & 31);
    const last = i * imageMetaWords + ImageMeta.clockOffset - 1;
    list.meta[last] = ((list.meta[last] ?? 0) << beyond) >>> beyond;
    list.times.set([notNull(), nextTime(), nextTime(), notNull()], i * imageTimes);
  };
  const counters = (count: number, rounded: boolean): CounterList => {
    const list = createCounterList(rounded);
    for (let n = 0; n < count; n++) {
      const i = addCounter(list);
      for (let k = 0; k < list.stride; k++) list.words[i * list.stride + k] = nextWord();
      const base = i * list.stride;
      list.words[base] = nextWord() & 0xffff;
      list.words[base + CounterSlot.session] = nextWord() & 0xffff;
      list.words[base + CounterSlot.kind] = nextWord() % 3;
      const seen = (nextWord() & ((1 << counterFields.length) - 1)) >>> (nextWord() & 15);
      list.words[base + CounterSlot.seen] = seen;
      // What was not seen is 0.
      for (let k = CounterSlot.deltas; k < list.stride; k++) {
        const counter = ((k - CounterSlot.deltas) >> 1) % counterFields.length;
        if (((seen >>> counter) & 1) === 0) list.words[base + k] = 0;
      }
      list.times.set([nextTime(), nextTime(), notNull() / 1000], i * counterTimes);
    }
    return list;
  };
  const prints = (count: number): PrintList => {
    const list = createPrintList();
    for (let n = 0; n < count; n++) {
      const i = addPrint(list);
      for (let k = 0; k < printWords; k++) list.words[i * printWords + k] = nextWord();
      list.times.set([nextTime(), notNull(), nextTime()], i * printTimes);
    }
    return list;
  };
  const size = dealer(sizes);
  return {
    strings,
    router: texts[0] ?? '',
    at: notNull(),
    captured_at: notNull(),
    seq: nextWord(),
    gop: notNull(),
    piece: 1,
    pieces: 2,
    ledger: [],
    opened: images(size()),
    changed: images(size()),
    closed: images(size()),
    rebase: images(size()),
    keyframe: images(size() * 10),
    counters: counters(size() * 10, false),
    counters_rounded: counters(size(), true),
    prints: prints(size()),
    anomalies: [
      {
        tunnel_local_id: 1,
        session_local_id: 2,
        create_time: null,
        kind: 'k',
        field: '',
        before: '',
        after: '',
      },
    ],
    router_events: [],
    layouts: [{ id: 5n, definition: '{}' }],
    router_state: Uint8Array.of(1, 2),
  };
}

it('writes the bytes that the object form of the same delta has', () => {
  const flatWriter = createEventWriter(8);
  const writer = createEventWriter(8);
  fc.assert(
    fc.property(draws, (drawn) => {
      const flat = flatOf(drawn);
      encodeFlatDelta(flat, flatWriter);
      encodeDelta(unflatten(flat), writer);
      const bytes = takeWritten(flatWriter);
      expect(Buffer.from(bytes).equals(takeWritten(writer))).toBe(true);
      expect(decodeDelta(bytes)).toEqual(unflatten(flat));
    }),
    { numRuns: 200 },
  );
});

it.each([
  ['many images, records and prints', ['', 'ä'.repeat(16), 'x'.repeat(32)], 50],
  ['texts that are not short', ['x'.repeat(33), 'y'.repeat(5_000)], 4],
  ['texts longer than a page', ['y', 'z'.repeat(70_000)], 1],
])('writes %s, which do not fit on one page', (_, texts, size) => {
  const words = Array.from({ length: 199 }, (__, n) => Math.imul(n + 1, 0x9e3779b1) >>> (n % 32));
  const times = [1_795_000_000_000, Number.NaN, 0, 4_102_444_800_000, 17];
  const flat = flatOf({ texts, words, times, sizes: [size] });
  // Nothing of which there is another number in each image: the page would be handed over for it.
  for (const { count, words: rows, meta } of [flat.opened, flat.changed, flat.keyframe])
    for (let i = 0; i < count; i++) {
      meta.fill(0, i * imageMetaWords + ImageMeta.changed, i * imageMetaWords + ImageMeta.clockOffset);
      rows.fill(0, i * rowWords + roundingStart, i * rowWords + roundingStart + roundingWords);
      rows[i * rowWords + unknownSlot] = 0;
    }
  while (flat.prints.count < 10_000) addPrint(flat.prints);
  while (flat.counters.count < 4_000) addCounter(flat.counters);
  const writer = createEventWriter(8);
  encodeDelta(unflatten(flat), writer);
  const expected = Buffer.from(takeWritten(writer));
  encodeFlatDelta(flat, writer);
  expect(Buffer.from(takeWritten(writer)).equals(expected)).toBe(true);
  expect(expected.length).toBeGreaterThan(1 << 17);
});

it('is read back into another string table, flat', () => {
  const writer = createEventWriter(8);
  const strings = new StringTable();
  fc.assert(
    fc.property(draws, (drawn) => {
      const flat = flatOf(drawn);
      encodeFlatDelta(flat, writer);
      const bytes = takeWritten(writer);
      const read = decodeFlatDelta(bytes, strings);
      expect(unflatten(read)).toEqual(unflatten(flat));
      encodeFlatDelta(read, writer);
      expect(Buffer.from(takeWritten(writer)).equals(bytes)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it('throws at damaged bytes, and at nothing else', () => {
  const writer = createEventWriter(8);
  fc.assert(
    fc.property(deltas, fc.nat(), fc.nat(255), (delta, place, value) => {
      encodeDelta(delta, writer);
      const bytes = takeWritten(writer);
      for (const damaged of [
        bytes.subarray(0, place % bytes.length),
        bytes.with(place % bytes.length, value),
      ])
        try {
          decodeFlatDelta(damaged, new StringTable());
        } catch (error) {
          expect(error).toBeInstanceOf(AvroDataError);
        }
      expect(() => decodeFlatDelta(bytes.subarray(0, -1), new StringTable())).toThrow(AvroDataError);
    }),
    { numRuns: 100 },
  );
});
