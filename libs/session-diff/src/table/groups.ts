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

export class Groups {
  /** By the group's string id. */
  readonly #counts: Map<number, number>[] = groups.map(() => new Map<number, number>());

  add(full: Uint32Array, at: number, sign: 1 | -1): void {
    for (let g = 0; g < groups.length; g++)
      for (const index of (groups[g] as (typeof groups)[number]).fields) {
        if (getPresence(full, at, index) !== Presence.value) continue;
        const id = full[at + (slotOf[index] as number)] as number;
        const counts = this.#counts[g] as Map<number, number>;
        const count = (counts.get(id) ?? 0) + sign;
        if (count === 0) counts.delete(id);
        else counts.set(id, count);
        break;
      }
  }

  /** Sorted by name, so that equal states give equal bytes. */
  named(name: GroupName, strings: StringTable): Record<string, number> {
    const counts = this.#counts[groups.findIndex((g) => g.name === name)] as Map<number, number>;
    const entries = [...counts].map(([id, count]) => [strings.text(id), count] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  copy(): Groups {
    const copy = new Groups();
    this.#counts.forEach((counts, g) => {
      for (const [id, count] of counts) copy.#counts[g]?.set(id, count);
    });
    return copy;
  }

  /** The same after ids of strings changed. */
  moved(move: (id: number) => number): Groups {
    const copy = new Groups();
    this.#counts.forEach((counts, g) => {
      for (const [id, count] of counts) copy.#counts[g]?.set(move(id), count);
    });
    return copy;
  }
}
