/** Where a delta speaks of a session, so that what is decided at the end of the snapshot still stands in its images and prints. */
import {
  ImageMeta,
  ImageTime,
  PrintSlot,
  PrintTime,
  imageMetaWords,
  imageTimes,
  printTimes,
  printWords,
  rowWords,
  slotOf,
  type FlatDelta,
  type ImageList,
} from '@sessionreel/session-model';
import { Col } from './columns.ts';
import type { Core } from './core.ts';
import { putPrint } from './delta-builder.ts';
import { keyOf } from './table.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

export class Places {
  readonly #core: Core;
  readonly #delta: FlatDelta;
  readonly #images: readonly { list: ImageList; byKey: Map<number, number> }[];
  readonly #prints = new Map<number, number>();

  /** Of a delta whose images are all written. */
  constructor(core: Core, delta: FlatDelta) {
    this.#core = core;
    this.#delta = delta;
    this.#images = [delta.opened, delta.changed, delta.rebase].map((list) => {
      const byKey = new Map<number, number>();
      for (let i = 0; i < list.count; i++) {
        const at = i * rowWords;
        byKey.set(keyOf(list.words[at + tunnelSlot] as number, list.words[at + sessionSlot] as number), i);
      }
      return { list, byKey };
    });
    const { words, count } = delta.prints;
    for (let i = 0; i < count; i++) {
      const at = i * printWords;
      const key = keyOf(words[at + PrintSlot.tunnel] as number, words[at + PrintSlot.session] as number);
      this.#prints.set(key, i);
    }
  }

  /** The row's rank and clock offset moved: they are told where the delta speaks of the session, else by a print. */
  moved(r: number): void {
    const core = this.#core;
    const key = core.word(r, Col.key);
    const rank = core.word(r, Col.rank);
    const offset = core.word(r, Col.clockOffset);
    let told = false;
    for (const { list, byKey } of this.#images) {
      const i = byKey.get(key);
      if (i === undefined) continue;
      list.times[i * imageTimes + ImageTime.rank] = rank;
      list.meta[i * imageMetaWords + ImageMeta.clockOffset] = offset;
      told = true;
    }
    if (told) return;
    const { prints } = this.#delta;
    const print = this.#prints.get(key);
    if (print === undefined) {
      this.#prints.set(key, prints.count);
      putPrint(core, this.#delta, r);
      return;
    }
    prints.times[print * printTimes + PrintTime.rank] = rank;
    prints.words[print * printWords + PrintSlot.clockOffset] = offset;
  }
}
