import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointBook, type LoggedEvent } from './checkpoint-book.ts';

const delta = (router: string, seq: number, offset: number, bytes: number): LoggedEvent => ({
  router,
  kind: 'delta',
  seq,
  piece: 0,
  pieces: 0,
  offset,
  bytes,
});
const checkpoint = (
  router: string,
  piece: number,
  pieces: number,
  offset: number,
  bytes: number,
): LoggedEvent => ({
  ...delta(router, 9, offset, bytes),
  kind: 'checkpoint',
  piece,
  pieces,
});

describe('CheckpointBook', () => {
  it('restores from the first delta, then from the last whole checkpoint', () => {
    const book = new CheckpointBook();
    expect(book.restoreOffset).toBe(-1);
    book.logged(delta('a', 1, 10, 100));
    book.logged(delta('b', 1, 11, 100));
    expect(book.restoreOffset).toBe(10);
    book.logged(checkpoint('a', 1, 2, 12, 50));
    expect(book.restoreOffset).toBe(10);
    book.logged(checkpoint('a', 2, 2, 13, 50));
    expect(book.restoreOffset).toBe(11);
    book.logged(checkpoint('b', 1, 1, 14, 50));
    expect(book.restoreOffset).toBe(12);
  });

  it('ignores what a restore reads of a router before its checkpoint', () => {
    const book = new CheckpointBook();
    book.logged(delta('late', 77, 5, 100));
    expect(book.restoreOffset).toBe(-1);
    book.logged(checkpoint('late', 1, 1, 6, 50));
    expect(book.restoreOffset).toBe(6);
  });

  it('is due when the deltas since outweigh the state', () => {
    const book = new CheckpointBook();
    book.logged(delta('a', 1, 0, 500_000));
    book.sessions('a', 10_000);
    expect(book.due()).toEqual([]);
    for (let i = 0; i < 18; i++) book.logged(delta('a', i + 2, i + 1, 100_000));
    expect(book.due()).toEqual(['a']);
    book.logged(checkpoint('a', 1, 1, 20, 2_000_000));
    expect(book.due()).toEqual([]);
    for (let i = 0; i < 20; i++) book.logged(delta('a', i + 30, i + 30, 99_000));
    expect(book.due()).toEqual([]);
    for (let i = 0; i < 2; i++) book.logged(delta('a', i + 60, i + 60, 99_000));
    expect(book.due()).toEqual(['a']);
  });

  it('keeps the log that a restore reads within about twice the state, whoever talks', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ router: fc.integer({ min: 0, max: 8 }), bytes: fc.integer({ min: 1, max: 300_000 }) }),
          {
            minLength: 200,
            maxLength: 600,
          },
        ),
        (steps) => {
          const book = new CheckpointBook();
          const state = 200_000;
          const seqs = new Map<string, number>();
          const log: number[] = [];
          for (const step of steps) {
            for (const router of book.due()) {
              book.logged(checkpoint(router, 1, 1, log.length, state));
              log.push(state);
            }
            const router = `r${step.router}`;
            const seq = (seqs.get(router) ?? 0) + 1;
            seqs.set(router, seq);
            book.logged(delta(router, seq, log.length, step.bytes));
            log.push(step.bytes);
          }
          const read = log.slice(book.restoreOffset).reduce((sum, bytes) => sum + bytes, 0);
          // Twice the state, the floor of 4 MiB, and what one step and its checkpoints may add.
          expect(read).toBeLessThan(2 * state * seqs.size + 4 * 2 ** 20 + 5_000_000);
        },
      ),
      { numRuns: 30 },
    );
  });
});
