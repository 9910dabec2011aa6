/**
 * Print sets: how a session was printed last, by format and level. A set is shared by all sessions that print alike; its
 * definition names, for each class (`text/extensive`), the layout and which fields that class printed last. Layouts themselves are
 * opaque here: the parser's JSON.
 */
import { createHash } from 'node:crypto';
import type { LayoutDefinition } from '@sessionreel/session-model';

export interface PrintSet {
  /** Hash of the definition; its halves are `low` and `high`. */
  readonly id: bigint;
  readonly low: number;
  readonly high: number;
  readonly definition: string;
  /** Layout id (16 hex digits) by class. */
  readonly layouts: Readonly<Record<string, string>>;
  /** Presence string by class. */
  readonly shapes: Readonly<Record<string, string>>;
}

/** 64 bits of a definition's digest, unsigned; never 0, which means unknown. */
export function layoutId(definition: string): bigint {
  const id = createHash('sha256').update(definition).digest().readBigUInt64BE(0);
  return id === 0n ? 1n : id;
}

const hex = (id: bigint): string => id.toString(16).padStart(16, '0');

/**
 * Before the shape of a session in which its capture broke off: the layout is known, but not what it would have printed further on.
 */
export const cutMark = '~';

/** Fields that the class printed last, whole or not; '' when it never did. */
export const printedShape = (set: PrintSet, kind: string): string => {
  const shape = set.shapes[kind] ?? '';
  return shape.startsWith(cutMark) ? shape.slice(1) : shape;
};

/** Fields that the class printed when it last printed the session whole. */
export const wholeShape = (set: PrintSet, kind: string): string | undefined => {
  const shape = set.shapes[kind];
  return shape?.startsWith(cutMark) === true ? undefined : shape;
};

export class PrintSets {
  /** By number, as in a row's `printSet`; 0 is the empty set. */
  readonly sets: PrintSet[] = [{ id: 0n, low: 0, high: 0, definition: '', layouts: {}, shapes: {} }];
  /** Characters of all definitions. */
  #characters = 0;
  readonly #byId = new Map<bigint, number>([[0n, 0]]);
  /** Every definition ever used, by id. */
  readonly definitions = new Map<bigint, string>();
  readonly #layoutIds = new Map<string, bigint>();
  /** Ids that the log has defined since its group began. */
  #told = new Set<bigint>();
  /** By number of a set: the age of `#told` in which it was found to be told. */
  readonly #toldIn: number[] = [];
  #age = 1;
  /** Ids to tell with the next delta. */
  #news: bigint[] = [];

  get count(): number {
    return this.definitions.size;
  }

  /** About what is held: definitions are kept as strings, once by id and once by text. */
  get bytes(): number {
    return 2 * this.#characters + 200 * this.definitions.size;
  }

  /** One with only what this one's log has told: a checkpoint says it again. */
  fresh(): PrintSets {
    const fresh = new PrintSets();
    fresh.#told = new Set(this.#told);
    for (const id of this.#told) fresh.#keep(id, this.definitions.get(id) ?? '');
    for (const id of this.#news) fresh.#news.push(id);
    return fresh;
  }

  /** Number here of another's set. */
  take(other: PrintSets, set: number): number {
    const { id, definition, layouts } = other.sets[set] as PrintSet;
    if (id === 0n) return 0;
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    for (const layout of Object.values(layouts))
      this.define(other.definitions.get(BigInt(`0x${layout}`)) ?? '');
    return this.#number(definition);
  }

  /** The set that `set` becomes when class `kind` prints by `layout` with these fields. See PrintSteps for the quick way. */
  with(set: number, kind: string, layout: string, shape: string): number {
    const before = this.sets[set] as PrintSet;
    const layouts = sorted({ ...before.layouts, [kind]: hex(this.define(layout)) });
    const shapes = sorted({ ...before.shapes, [kind]: shape });
    return this.#number(JSON.stringify({ set: layouts, shapes }));
  }

  /** Id of a layout's or frame's definition; '' has none. */
  define(definition: string): bigint {
    if (definition === '') return 0n;
    let id = this.#layoutIds.get(definition);
    if (id === undefined) {
      id = layoutId(definition);
      this.#keep(id, definition);
    }
    return id;
  }

  #keep(id: bigint, definition: string): void {
    this.#layoutIds.set(definition, id);
    if (this.definitions.has(id)) return;
    this.definitions.set(id, definition);
    this.#characters += definition.length;
  }

  /** Number of the set with this id, as the log defined it; 0 when the log did not. */
  numberOf(id: bigint): number {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const definition = this.definitions.get(id);
    return definition === undefined ? 0 : this.#number(definition);
  }

  /** Takes up definitions from the log, or from a checkpoint, which says by itself what the log has told. */
  learn(layouts: readonly LayoutDefinition[], told: boolean): void {
    for (const { id, definition } of layouts) {
      const key = BigInt.asUintN(64, id);
      this.#keep(key, definition);
      if (told) this.#told.add(key);
    }
  }

  /**
   * To be called after each delta: bounds what is kept because the log has told it, in a way that only the log decides, so that
   * what was restored from it goes on alike.
   */
  settle(sessions: number): void {
    if (this.#told.size > 2 * (sessions + 1000)) this.forgetTold();
  }

  /** Notes that an event refers to the id: it must be defined by then. */
  use(id: bigint): void {
    if (id === 0n || this.#told.has(id)) return;
    this.#told.add(id);
    this.#news.push(id);
    const set = this.#byId.get(id);
    if (set === undefined) return;
    for (const layout of Object.values((this.sets[set] as PrintSet).layouts)) this.use(BigInt(`0x${layout}`));
  }

  /** As `use`, of the set with this number: quick when it is known already. */
  useSet(set: number): void {
    if (this.#toldIn[set] === this.#age) return;
    this.use((this.sets[set] as PrintSet).id);
    this.#toldIn[set] = this.#age;
  }

  /** Definitions to tell, since the last call. */
  takeNews(): LayoutDefinition[] {
    const news = this.#news.map((id) => ({ id, definition: this.definitions.get(id) ?? '' }));
    this.#news = [];
    return news;
  }

  /** A group begins: everything it refers to is told again. */
  forgetTold(): void {
    this.restoreTold(new Set());
  }

  toldCopy(): Set<bigint> {
    return new Set(this.#told);
  }

  restoreTold(told: ReadonlySet<bigint>): void {
    this.#told = new Set(told);
    this.#news = [];
    this.#age++;
  }

  #number(definition: string): number {
    const id = this.define(definition);
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const { set, shapes } = JSON.parse(definition) as {
      set: Record<string, string>;
      shapes: Record<string, string>;
    };
    const [low, high] = [Number(id & 0xffffffffn), Number(id >> 32n)];
    const number = this.sets.push({ id, low, high, definition, layouts: set, shapes }) - 1;
    this.#byId.set(id, number);
    return number;
  }
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
