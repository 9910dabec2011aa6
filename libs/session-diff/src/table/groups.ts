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

/** The session is in none of the group's classes. */
const none = -1;

export class Groups {
  /** By the group's string id. */
  readonly #counts: Map<number, number>[] = groups.map(() => new Map<number, number>());
  /** Sessions of one profile after another are added together: those of a tunnel mostly share theirs. */
  #profile = none;
  #open = 0;
  readonly #ids = groups.map(() => none);

  /** @param profile number of the tuple that holds the fields of all groups. */
  add(profile: number, full: Uint32Array, at: number, sign: 1 | -1): void {
    if (profile !== this.#profile) {
      this.#settle();
      this.#profile = profile;
      groups.forEach(({ fields }, g) => (this.#ids[g] = idOf(fields, full, at)));
    }
    this.#open += sign;
  }

  #settle(): void {
    const open = this.#open;
    this.#open = 0;
    if (open === 0) return;
    this.#ids.forEach((id, g) => {
      if (id === none) return;
      const counts = this.#counts[g] as Map<number, number>;
      const count = (counts.get(id) ?? 0) + open;
      if (count === 0) counts.delete(id);
      else counts.set(id, count);
    });
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
