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
});
