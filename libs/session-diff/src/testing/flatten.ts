/** For tests: a delta that was written down as objects, in the form that a state takes up. The inverse of `unflatten`. */
import {
  CounterSlot,
  ImageMeta,
  PrintSlot,
  addCounter,
  addImage,
  addPrint,
  counterFields,
  counterKinds,
  counterTimes,
  createCounterList,
  createImageList,
  createPrintList,
  errorStart,
  fields,
  imageMetaWords,
  imageTimes,
  printTimes,
  printWords,
  rowWords,
  setU64,
  type CounterDelta,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type RoundedCounterDelta,
  type SessionDelta,
  type SessionImage,
  type SessionPrint,
  type StringTable,
} from '@sessionreel/session-model';
import { rowOfImage } from '../delta/image.ts';

export function flatten(delta: SessionDelta, strings: StringTable): FlatDelta {
  const images = (list: readonly SessionImage[]): ImageList => {
    const flat = createImageList();
    for (const image of list) putImage(flat, image, strings);
    return flat;
  };
  const prints = createPrintList();
  for (const print of delta.prints) putPrint(prints, print);
  return {
    ...structuredClone(delta),
    strings,
    opened: images(delta.opened),
    changed: images(delta.changed),
    closed: images(delta.closed),
    rebase: images(delta.rebase),
    keyframe: images(delta.keyframe),
    counters: countersOf(delta.counters, createCounterList()),
    counters_rounded: countersOf(delta.counters_rounded, createCounterList(true)),
    prints,
  };
}

const orNaN = (value: number | null): number => value ?? NaN;

function putImage(list: ImageList, image: SessionImage, strings: StringTable): void {
  const i = addImage(list);
  list.words.set(rowOfImage(image, strings), i * rowWords);
  const meta = list.meta.subarray(i * imageMetaWords, (i + 1) * imageMetaWords).fill(0);
  meta[ImageMeta.reason] = strings.internText(image.reason);
  fields.forEach((f, index) => {
    const word = ImageMeta.changed + (index >>> 5);
    if (image.changed.includes(f.name)) meta[word] = (meta[word] ?? 0) | (1 << (index & 31));
  });
  meta[ImageMeta.clockOffset] = image.clock_offset_s;
  setU64(meta, ImageMeta.layoutLow, image.layout);
  const times = [image.last_seen_at, orNaN(image.created_at), orNaN(image.idle_since), image.rank];
  list.times.set(times, i * imageTimes);
}

function countersOf(deltas: readonly (CounterDelta | RoundedCounterDelta)[], list: CounterList): CounterList {
  for (const delta of deltas) {
    const i = addCounter(list);
    const words = list.words.subarray(i * list.stride, (i + 1) * list.stride);
    words[CounterSlot.tunnel] = delta.tunnel_local_id;
    words[CounterSlot.session] = delta.session_local_id;
    words[CounterSlot.kind] = counterKinds.indexOf(delta.kind);
    words[CounterSlot.seen] = delta.seen;
    counterFields.forEach((f, c) => {
      setU64(words, CounterSlot.deltas + 2 * c, delta.deltas[f.name] ?? 0n);
      if ('errors' in delta) setU64(words, errorStart + 2 * c, delta.errors[`${f.name}_error`] ?? 0n);
    });
    const times = [orNaN(delta.create_time), orNaN(delta.created_at), delta.interval_s];
    list.times.set(times, i * counterTimes);
  }
  return list;
}

function putPrint(list: FlatDelta['prints'], print: SessionPrint): void {
  const i = addPrint(list);
  const words = list.words.subarray(i * printWords, (i + 1) * printWords);
  words[PrintSlot.tunnel] = print.tunnel_local_id;
  words[PrintSlot.session] = print.session_local_id;
  words[PrintSlot.clockOffset] = print.clock_offset_s;
  setU64(words, PrintSlot.layoutLow, print.layout);
  list.times.set([orNaN(print.create_time), print.rank, orNaN(print.idle_since)], i * printTimes);
}
