/** Live sessions counted by state, by peer gateway (remote name, else remote address) and by tunnel group. */
import { Presence, getPresence, indexOfField, slotOf, type StringTable } from '@sessionreel/session-model';

export type GroupName = 'state' | 'peer' | 'tunnelGroup';
const groups = (
  [
    ['state', ['state']],
    ['peer', ['remote_name', 'remote_ip']],
    ['tunnelGroup', ['tunnel_group_name']],
  ] as const
).map(([name, of]) => ({ name, fields: of.map(indexOfField) }));

/** A profile is in none of the group's classes. */
const none = -1;

export class Groups {
  /** By the group's string id. */
  readonly #counts: Map<number, number>[] = groups.map(() => new Map<number, number>());
  /** By profile: the string ids of its groups, and what is not counted yet. */
  #ids = new Int32Array(0);
  #open = new Int32Array(0);
  /** Profiles of which something is not counted yet. */
  readonly #touched: number[] = [];
  /** Profiles whose groups are known. */
  #known = new Uint8Array(0);

  get bytes(): number {
    return this.#ids.byteLength + this.#open.byteLength + this.#known.byteLength;
  }

  /** @param profile number of the tuple that holds the fields of all groups. */
  add(profile: number, full: Uint32Array, at: number, sign: 1 | -1): void {
    if (profile >= this.#open.length) this.#grow(profile);
    if (this.#known[profile] === 0) {
      this.#known[profile] = 1;
      for (let g = 0; g < groups.length; g++)
        this.#ids[profile * groups.length + g] = idOf(
          (groups[g] as (typeof groups)[number]).fields,
          full,
          at,
        );
    }
    if (this.#open[profile] === 0) this.#touched.push(profile);
    this.#open[profile] = (this.#open[profile] as number) + sign;
  }

  #grow(profile: number): void {
    const length = Math.max(16, Math.ceil(profile * 1.5));
    const longer = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#ids = longer(this.#ids, new Int32Array(length * groups.length));
    this.#open = longer(this.#open, new Int32Array(length));
    this.#known = longer(this.#known, new Uint8Array(length));
  }

  #settle(): void {
    for (const profile of this.#touched) {
      const open = this.#open[profile] as number;
      this.#open[profile] = 0;
      if (open === 0) continue;
      for (let g = 0; g < groups.length; g++) {
        const id = this.#ids[profile * groups.length + g] as number;
        if (id === none) continue;
        const counts = this.#counts[g] as Map<number, number>;
        const count = (counts.get(id) ?? 0) + open;
        if (count === 0) counts.delete(id);
        else counts.set(id, count);
      }
    }
    this.#touched.length = 0;
  }

  /** Sorted by name, so that equal states give equal bytes. */
  named(name: GroupName, strings: StringTable): Record<string, number> {
    this.#settle();
    const counts = this.#counts[groups.findIndex((g) => g.name === name)] as Map<number, number>;
    const entries = [...counts].map(([id, count]) => [strings.text(id), count] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  copy(): Groups {
    return this.moved((id) => id);
  }

  /** The same after ids of strings changed. */
  moved(move: (id: number) => number): Groups {
    this.#settle();
    const copy = new Groups();
    this.#counts.forEach((counts, g) => {
      for (const [id, count] of counts) copy.#counts[g]?.set(move(id), count);
    });
    return copy;
  }
}

/** String id of the first of the fields that holds a value. */
function idOf(fields: readonly number[], full: Uint32Array, at: number): number {
  for (const index of fields)
    if (getPresence(full, at, index) === Presence.value)
      return full[at + (slotOf[index] as number)] as number;
  return none;
}
