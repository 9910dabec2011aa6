/**
 * Rows as they were before they were changed, one after another in chunks of words: no object for each, and no chunk that is made anew
 * for each snapshot.
 */

const chunkWords = 1 << 15;
/** Chunks that nobody uses now, for all routers of the thread: 32 MB at most. */
const spare: Uint32Array[] = [];
const spareMost = 256;
/** Notes behind the words of an entry: how many words, row, note, where the entry before ended. */
const notes = 4;

export class UndoLog {
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  /** Where the next entry may begin: chunks are counted in full. */
  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return 4 * chunkWords * this.#chunks.length;
  }

  /** Puts `words[at, at + count)` with two notes on the log. An entry does not reach into the next chunk. */
  push(words: Uint32Array, at: number, count: number, row: number, note: number): void {
    const before = this.#length;
    let start = before % chunkWords;
    let chunk = before - start;
    if (start + count + notes > chunkWords) {
      chunk += chunkWords;
      start = 0;
    }
    const number = chunk / chunkWords;
    if (number === this.#chunks.length) this.#chunks.push(spare.pop() ?? new Uint32Array(chunkWords));
    const log = this.#chunks[number] as Uint32Array;
    let to = start;
    for (let i = at; i < at + count; i++) log[to++] = words[i] as number;
    log[to++] = count;
    log[to++] = row;
    log[to++] = note;
    log[to++] = before;
    this.#length = chunk + to;
  }

  /** Takes the newest entry off; its words begin at `start` and are valid until the next `push`. @throws when the log is empty. */
  pop(): { words: Uint32Array; start: number; row: number; note: number } {
    if (this.#length === 0) throw new Error('nothing to undo');
    const last = this.#length - 1;
    const words = this.#chunks[Math.floor(last / chunkWords)] as Uint32Array;
    const end = (last % chunkWords) + 1 - notes;
    const count = words[end] as number;
    this.#length = words[end + 3] as number;
    return { words, start: end - count, row: words[end + 1] as number, note: words[end + 2] as number };
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0;
    for (const chunk of this.#chunks.splice(0)) if (spare.length < spareMost) spare.push(chunk);
  }
}
