import { describe, expect, it } from 'vitest';
import { readProgress, writeProgress } from './progress.ts';

describe('progress', () => {
  it('comes back', () => {
    const progress = { restore: 12, source: 9_007_199_254_740_991, time: 1_700_000_000_000 };
    expect(readProgress(writeProgress(progress))).toEqual(progress);
  });
  it.each([
    '',
    '{',
    '{}',
    '{"v":2,"restore":1,"source":1,"time":1}',
    '{"v":1,"restore":-2,"source":1,"time":1}',
  ])('is not guessed from %j', (text) => {
    expect(readProgress(text)).toBeUndefined();
  });
});
