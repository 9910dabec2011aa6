import { describe, expect, it } from 'vitest';
import { Lab, begin, extensive, view } from '../testing/lab.ts';

/** A router of three sessions, polled each minute; `moving` of them count. */
function polled(lab: Lab, from: number, polls: number, moving: number): void {
  for (let i = from; i < from + polls; i++) {
    const at = i * 60;
    lab.take({
      at,
      sessions: [1, 2, 3].map((id) => extensive(id, at, { bytes: id <= moving ? BigInt(i) * 100n : 7n })),
    });
  }
}

const keyframesOf = (lab: Lab): number[] =>
  lab.log.filter((delta) => delta.keyframe.length > 0).map((delta) => (delta.at - begin) / 60_000);

describe('a keyframe', () => {
  it('is due once each session has counted so often on average', () => {
    const lab = new Lab({ keyframeEveryCounts: 4 });
    // The first snapshot is a baseline.
    polled(lab, 0, 20, 3);
    expect(keyframesOf(lab)).toEqual([4, 8, 12, 16]);
    const slow = new Lab({ keyframeEveryCounts: 4 });
    polled(slow, 0, 20, 1);
    expect(keyframesOf(slow)).toEqual([12]);
    const silent = new Lab({ keyframeEveryCounts: 4 });
    polled(silent, 0, 20, 0);
    expect(keyframesOf(silent)).toEqual([]);
  });

  it('is due after the time that is set, however little was counted', () => {
    const lab = new Lab({ keyframeEveryCounts: 4, keyframeEveryMs: 8 * 60_000 });
    polled(lab, 0, 20, 0);
    expect(keyframesOf(lab)).toEqual([8, 16]);
  });

  it('is due at the same snapshot after a restore, and after work was undone', () => {
    const lab = new Lab({ keyframeEveryCounts: 4 });
    polled(lab, 0, 4, 3);
    const other = new Lab({ keyframeEveryCounts: 4 });
    other.log.push(...lab.log);
    other.state = lab.restored();
    lab.state.mark();
    polled(lab, 4, 9, 3);
    lab.state.rollback();
    lab.log.length = 4;
    for (const one of [lab, other]) {
      polled(one, 4, 10, 3);
      expect(keyframesOf(one)).toEqual([4, 8, 12]);
    }
    expect(view(other.state)).toEqual(view(lab.state));
  });
});
