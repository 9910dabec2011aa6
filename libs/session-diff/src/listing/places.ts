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
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { putPrint } from '../delta/delta-builder.ts';
import { keyOf } from '../table/table.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

/** By row of the table: place in a list + 1; 0 when the list does not speak of it. */
type ByRow = Int32Array;

export class Places {
  #images: { readonly list: ImageList; readonly byRow: ByRow }[] = [];
  #prints: ByRow = new Int32Array(0);
  #built = false;

  /** The row's rank and clock offset moved: they are told where the delta speaks of the session, else by a print. */
  moved(core: Core, delta: FlatDelta, r: number): void {
    if (!this.#built) this.#build(core, delta);
    const rank = core.word(r, Col.rank);
    const offset = core.word(r, Col.clockOffset);
    let told = false;
    for (const { list, byRow } of this.#images) {
      const i = (byRow[r] as number) - 1;
      if (i < 0) continue;
      list.times[i * imageTimes + ImageTime.rank] = rank;
      list.meta[i * imageMetaWords + ImageMeta.clockOffset] = offset;
      told = true;
    }
    if (told) return;
    const { prints } = delta;
    const print = (this.#prints[r] as number) - 1;
    if (print < 0) {
      putPrint(core, delta, r);
      this.#prints[r] = prints.count;
      return;
    }
    prints.times[print * printTimes + PrintTime.rank] = rank;
    prints.words[print * printWords + PrintSlot.clockOffset] = offset;
  }

  /** To be called when the delta was written on: its images are looked for anew. */
  forget(): void {
    this.#built = false;
  }

  #build({ table }: Core, delta: FlatDelta): void {
    this.#built = true;
    this.#images = [delta.opened, delta.changed, delta.rebase]
      .filter((list) => list.count > 0)
      .map((list) => {
        const byRow = new Int32Array(table.top);
        let r = -1;
        for (let i = 0; i < list.count; i++) {
          const at = i * rowWords;
          const key = keyOf(list.words[at + tunnelSlot] as number, list.words[at + sessionSlot] as number);
          r = table.findNear(key, r + 1);
          if (r >= 0) byRow[r] = i + 1;
        }
        return { list, byRow };
      });
    this.#prints = new Int32Array(table.top);
    const { words, count } = delta.prints;
    for (let i = 0; i < count; i++) {
      const at = i * printWords;
      const key = keyOf(words[at + PrintSlot.tunnel] as number, words[at + PrintSlot.session] as number);
      const r = table.find(key);
      if (r >= 0) this.#prints[r] = i + 1;
    }
  }
}
