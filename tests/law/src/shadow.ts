/**
 * The history as its readers fold it: live sessions and their absolute counters, from deltas alone. Knows nothing of the state
 * table that wrote them.
 */
import {
  counterFields,
  fields,
  presenceLetters,
  type CounterDelta,
  type FieldValue,
  type SessionDelta,
  type SessionImage,
} from '@sessionreel/session-model';

export interface Live {
  readonly key: string;
  image: SessionImage;
  /** Last absolute values and what was added to them since, where a counter was ever printed. */
  readonly counters: Map<string, bigint>;
}

export function keyOf(of: { tunnel_local_id: number; session_local_id: number }): string {
  return `${of.tunnel_local_id}/${of.session_local_id}`;
}

export class Shadow {
  readonly live = new Map<string, Live>();
  readonly #problems: string[];

  constructor(problems: string[]) {
    this.#problems = problems;
  }

  apply(delta: SessionDelta): void {
    for (const counter of [...delta.counters, ...delta.counters_rounded]) this.#count(counter);
    for (const image of delta.closed) {
      if (!this.live.delete(keyOf(image))) this.#problems.push(`closed what was not open: ${keyOf(image)}`);
    }
    for (const image of delta.opened) {
      if (this.live.has(keyOf(image))) this.#problems.push(`opened what was open: ${keyOf(image)}`);
      this.live.set(keyOf(image), { key: keyOf(image), image, counters: absolutes(image) });
    }
    for (const image of delta.changed) this.#change(image);
    for (const image of delta.rebase) this.#rebase(image);
  }

  #count(delta: CounterDelta): void {
    const live = this.live.get(keyOf(delta));
    if (live === undefined) return;
    counterFields.forEach(({ name }, bit) => {
      if (((delta.seen >>> bit) & 1) === 0) return;
      const before = live.counters.get(name);
      if (before !== undefined) live.counters.set(name, before + (delta.deltas[name] ?? 0n));
    });
  }

  #change(image: SessionImage): void {
    const live = this.live.get(keyOf(image));
    if (live === undefined) this.#problems.push(`changed what was not open: ${keyOf(image)}`);
    else live.image = image;
  }

  #rebase(image: SessionImage): void {
    const live = this.live.get(keyOf(image));
    if (live === undefined) {
      this.#problems.push(`rebased what was not open: ${keyOf(image)}`);
      return;
    }
    live.image = image;
    for (const [name, value] of absolutes(image)) live.counters.set(name, value);
  }
}

function absolutes(image: SessionImage): Map<string, bigint> {
  const known = new Map<string, bigint>();
  for (const { name } of counterFields) {
    const value = valueOf(image, name);
    if (value !== undefined && value !== null && value !== '')
      known.set(name, BigInt.asUintN(64, BigInt(value)));
  }
  return known;
}

/** A field of an image as records have it: undefined is absent, null N/A, '' printed empty; datetimes in local seconds. */
export function valueOf(image: SessionImage, name: string): FieldValue | undefined {
  if (name === 'tunnel_local_id') return image.tunnel_local_id;
  if (name === 'session_local_id') return image.session_local_id;
  const index = fields.findIndex((f) => f.name === name);
  const letter = image.presence[index] ?? '.';
  const presence = presenceLetters.indexOf(letter);
  if (presence === 0) return undefined;
  if (presence === 2) return '';
  if (presence === 3) return null;
  const value = image.values[name] ?? null;
  if (value === null) return null;
  const type = fields[index]?.type;
  if (type === 'datetime') return Number(value) / 1000;
  if (type === 'u64') return BigInt.asUintN(64, BigInt(value));
  return value;
}
