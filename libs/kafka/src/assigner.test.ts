import { describe, expect, it } from 'vitest';
import { assignSticky } from './assigner.ts';

const plain = (map: Map<string, number[]>): Record<string, number[]> => Object.fromEntries(map);

describe('assignSticky', () => {
  it('spreads evenly at first', () => {
    const all = assignSticky(8, [
      { memberId: 'b', owned: [] },
      { memberId: 'a', owned: [] },
      { memberId: 'c', owned: [] },
    ]);
    expect([...all.values()].map((l) => l.length).sort()).toEqual([2, 3, 3]);
    expect([...all.values()].flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('moves only what a new member must get', () => {
    const all = assignSticky(8, [
      { memberId: 'a', owned: [0, 1, 2, 3] },
      { memberId: 'b', owned: [4, 5, 6, 7] },
      { memberId: 'c', owned: [] },
    ]);
    expect(plain(all)).toEqual({ a: [0, 1, 2], b: [4, 5, 6], c: [3, 7] });
  });

  it('gives what a member left to the others, who keep theirs', () => {
    const all = assignSticky(8, [
      { memberId: 'a', owned: [0, 1, 2] },
      { memberId: 'c', owned: [3, 7] },
    ]);
    expect(all.get('a')).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(all.get('c')).toEqual(expect.arrayContaining([3, 7]));
    expect(all.get('a')).toHaveLength(4);
  });

  it('gives a partition that two claim to one of them, and ignores what does not exist', () => {
    const all = assignSticky(2, [
      { memberId: 'zombie', owned: [0, 1, 9] },
      { memberId: 'new', owned: [0] },
    ]);
    expect([...all.values()].flat().sort()).toEqual([0, 1]);
  });

  it.each([
    [12, 3],
    [12, 5],
    [7, 2],
    [50, 4],
  ])(
    'moves what it must when %d partitions live through a rolling restart of %d members',
    (partitions, n) => {
      let held = assignSticky(
        partitions,
        Array.from({ length: n }, (_, i) => ({ memberId: `m${i}`, owned: [] })),
      );
      const most = Math.ceil(partitions / n);
      const spread = (members: readonly string[]): number => {
        const after = assignSticky(
          partitions,
          members.map((memberId) => ({ memberId, owned: held.get(memberId) ?? [] })),
        );
        const moved = [...after].flatMap(([id, list]) => list.filter((p) => !held.get(id)?.includes(p)));
        held = after;
        return moved.length;
      };
      for (let i = 0; i < n; i++) {
        const others = [...held.keys()].filter((id) => id !== `m${i}`).sort();
        const leaves = held.get(`m${i}`)?.length ?? 0;
        // It leaves: its own go to the others, nothing else moves; and as many come back to it, under a new name.
        expect(spread(others)).toBe(leaves);
        held.delete(`m${i}`);
        expect(spread([...others, `m${i}`])).toBeLessThanOrEqual(most);
      }
    },
  );
});
