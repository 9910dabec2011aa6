/** What is derived from each tuple of a pool, computed once: hashes, and which counters a profile prints. */
import type { StringTable } from '@sessionreel/session-model';
import { counterPresence, lineHash, profileHash, type Pair } from './hash.ts';
import type { TuplePool } from './tuple-pool.ts';

export class TupleHashes {
  readonly #pool: TuplePool;
  readonly #hash: (tuple: Uint32Array, at: number, strings: StringTable) => Pair;
  readonly #known: Pair[] = [];

  constructor(pool: TuplePool, hash: (tuple: Uint32Array, at: number, strings: StringTable) => Pair) {
    this.#pool = pool;
    this.#hash = hash;
  }

  of(id: number, strings: StringTable): Pair {
    const known = this.#known[id];
    if (known !== undefined) return known;
    const pool = this.#pool;
    for (let next = this.#known.length; next <= id; next++)
      this.#known.push(this.#hash(pool.words, next * pool.width, strings));
    return this.#known[id] as Pair;
  }

  get bytes(): number {
    return 40 * this.#known.length;
  }
}

export interface CounterPresence {
  readonly seen: number;
  readonly rest: number;
}

/** All that the state hash needs to know of tuples. */
export class Derived {
  readonly profiles: TupleHashes;
  readonly lines: TupleHashes;
  readonly #pool: TuplePool;
  readonly #counters: CounterPresence[] = [];

  constructor(profiles: TuplePool, lines: TuplePool) {
    this.profiles = new TupleHashes(profiles, profileHash);
    this.lines = new TupleHashes(lines, lineHash);
    this.#pool = profiles;
  }

  /** Counters of a profile that hold a value, and what else is known of them. */
  counters(profile: number): CounterPresence {
    const { words, width } = this.#pool;
    for (let next = this.#counters.length; next <= profile; next++)
      this.#counters.push(counterPresence(words, next * width));
    return this.#counters[profile] as CounterPresence;
  }

  get bytes(): number {
    return this.profiles.bytes + this.lines.bytes + 40 * this.#counters.length;
  }
}
