/** The sessions that a snapshot, or a part of it, listed, in their order. */
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';

/** A place that is looked up in the table when the listing is whole: the session was not steady. */
const unknown = -1;

/** Arrays that are used again for the next snapshot. */
export class Listed {
  count = 0;
  keys = new Uint32Array(64);
  /** Row of each in the table. */
  rows = new Int32Array(64);
  /** What each says of the router's clock, local seconds; NaN when it does not. */
  clocks = new Float64Array(64);
  /** The same less what the session is known to deviate. */
  own = new Float64Array(64);
  /** Rank so far; 0 for one that has none. */
  ranks = new Float64Array(64);
  /** Whether some are still to be looked up. */
  #odd = false;

  /** Row of the table where the next session lies, if both are in the same order. */
  get next(): number {
    return this.count === 0 ? 0 : (this.rows[this.count - 1] as number) + 1;
  }

  clear(): void {
    this.count = 0;
    this.#odd = false;
  }

  addSteady(key: number, r: number, clock: number, own: number, rank: number): void {
    const i = this.count++;
    if (i === this.keys.length) this.#grow();
    this.keys[i] = key;
    this.rows[i] = r;
    this.clocks[i] = clock;
    this.own[i] = own;
    this.ranks[i] = rank;
  }

  /** One whose place and deviation are told later. */
  add(key: number, r: number, clock: number): void {
    this.addSteady(key, r, clock, NaN, unknown);
    this.#odd = true;
  }

  /** Looks up what the rows say by now. */
  complete(core: Core): void {
    if (!this.#odd) return;
    this.#odd = false;
    for (let i = 0; i < this.count; i++) {
      if (this.ranks[i] !== unknown) continue;
      const r = this.rows[i] as number;
      this.ranks[i] = core.word(r, Col.rank);
      this.own[i] = (this.clocks[i] as number) - (core.word(r, Col.clockOffset) | 0);
    }
  }

  #grow(): void {
    const length = this.keys.length * 2;
    this.keys = longer(this.keys, new Uint32Array(length));
    this.rows = longer(this.rows, new Int32Array(length));
    this.clocks = longer(this.clocks, new Float64Array(length));
    this.own = longer(this.own, new Float64Array(length));
    this.ranks = longer(this.ranks, new Float64Array(length));
  }
}

function longer<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
