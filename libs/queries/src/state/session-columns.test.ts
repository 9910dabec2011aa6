import { fields } from '@sessionreel/session-model';
import { describe, expect, test } from 'vitest';
import { listingClock } from './clocks.ts';
import { NativeAnswer, type NativeColumn } from '../ask/native.ts';
import { SessionColumns } from './session-columns.ts';

const lettersOf = (letters: Readonly<Record<string, string>>): string =>
  fields.map((f) => letters[f.name] ?? '.').join('');
const numbers = (...values: number[]): NativeColumn => ({
  kind: 'numbers',
  values: Float64Array.from(values),
  nulls: null,
});
const maybe = (...values: (number | null)[]): NativeColumn => ({
  kind: 'numbers',
  values: Uint32Array.from(values, (v) => v ?? 0),
  nulls: Uint8Array.from(values, (v) => (v === null ? 1 : 0)),
});
const counts = (...values: bigint[]): NativeColumn => ({
  kind: 'counts',
  values: BigUint64Array.from(values),
  nulls: null,
});
const texts = (...values: string[]): NativeColumn => {
  const ends = values.map((_, i) => Buffer.byteLength(values.slice(0, i + 1).join('')));
  return {
    kind: 'texts',
    bytes: Buffer.from(values.join('')),
    starts: Uint32Array.from([0, ...ends.slice(0, -1)]),
    ends: Uint32Array.from(ends),
  };
};
const words = (...values: string[]): NativeColumn => ({
  kind: 'words',
  words: values,
  ids: Uint32Array.from(values.keys()),
});

interface Given {
  readonly letters: Readonly<Record<string, string>>;
  readonly idleSince?: number | null;
  readonly rank?: number;
}

/** Sessions 1, 2, … of tunnel 5, created at 4,000 by the router's clock. */
function sessionsOf(...given: readonly Given[]): SessionColumns {
  const each = <T>(value: (g: Given, i: number) => T): T[] => given.map(value);
  return new SessionColumns(
    new NativeAnswer(
      given.length,
      new Map([
        ['c_seq', counts(...each(() => 8n))],
        ['c_at', numbers(...each(() => 1_000))],
        ['c_created', maybe(...each((_, i) => (i === 0 ? 900 : null)))],
        ['c_idle', maybe(...each((g) => g.idleSince ?? null))],
        ['c_offset', numbers(...each(() => 2))],
        ['c_layout', counts(...each(() => 77n))],
        ['c_rank', numbers(...each((g, i) => g.rank ?? i))],
        ['c_presence', words(...each((g) => lettersOf(g.letters)))],
        ['c_rounding', texts(...each((_, i) => (i === 1 ? '{"data_tx_bytes":"500"}' : '')))],
        ['c_unknown', texts(...each((_, i) => (i === 0 ? '[["Colour","red"]]' : '')))],
        ['f_tunnel_local_id', numbers(...each(() => 5))],
        ['f_session_local_id', numbers(...each((_, i) => i + 1))],
        ['f_create_time', maybe(...each(() => 4_000))],
        ['f_state', words(...each((_, i) => `state ${i}`))],
        ['f_data_tx_bytes', counts(...each((_, i) => BigInt(i)))],
      ]),
    ),
  );
}

const clock = listingClock([{ routerClock: 10_000, clockSteps: [] }]);

describe('up and idle times', () => {
  const of = (letters: Given['letters'], idleSince: number | null = 9_990, listing = clock): object => {
    const sessions = sessionsOf({ letters: { create_time: 'v', ...letters }, idleSince });
    sessions.finish(listing, new Map());
    return sessions.whole(0).values;
  };
  test('come back as printed', () => {
    expect(of({ up_time_s: 'v', idle_time_s: 'v' })).toMatchObject({ up_time_s: 6_002, idle_time_s: 12 });
  });
  test('are zero for a session that was active', () => {
    expect(of({ idle_time_s: 'v' }, null)).toMatchObject({ idle_time_s: 0 });
  });
  test('are absent, empty or N/A as they were printed', () => {
    expect(of({ up_time_s: 'e', idle_time_s: 'n' })).toMatchObject({ up_time_s: '', idle_time_s: null });
    expect(of({})).not.toHaveProperty('up_time_s');
  });
  test('are not there where no clock is known, or no create time', () => {
    expect(of({ up_time_s: 'v', idle_time_s: 'v' }, 9_990, listingClock([]))).toEqual({
      tunnel_local_id: 5,
      session_local_id: 1,
      create_time: 4_000,
    });
    const sessions = sessionsOf({ letters: { up_time_s: 'v' } });
    sessions.finish(clock, new Map());
    expect(sessions.whole(0).values).not.toHaveProperty('up_time_s');
  });
});

describe('sessions by column', () => {
  const letters = { create_time: 'v', state: 'v', data_tx_bytes: 'v' };
  test('stand in the order of their ranks', () => {
    const sessions = sessionsOf({ letters, rank: 30 }, { letters, rank: 10 }, { letters, rank: 20 });
    sessions.finish(clock, new Map());
    expect([...sessions.order]).toEqual([1, 2, 0]);
    const reversed = sessionsOf({ letters, rank: 3 }, { letters, rank: 2 });
    reversed.finish(clock, new Map());
    expect([...reversed.order]).toEqual([1, 0]);
  });

  test('are printed with the fields that their class printed, and their ids', () => {
    const sessions = sessionsOf({ letters });
    sessions.finish(clock, new Map([[77n, { layout: '{}', shape: lettersOf({ state: 'v' }) }]]));
    expect(sessions.record(0).values).toEqual({
      tunnel_local_id: 5,
      session_local_id: 1,
      state: 'state 0',
    });
    expect(sessions.whole(0).values).toMatchObject({ create_time: 4_000, data_tx_bytes: 0n });
    expect(sessions.ways[0]?.layout).toBe('{}');
  });

  test('have what few have', () => {
    const sessions = sessionsOf({ letters }, { letters });
    sessions.finish(clock, new Map());
    expect(sessions.whole(0).unknown).toEqual([['Colour', 'red']]);
    expect(sessions.whole(1).rounding).toEqual({ data_tx_bytes: 500n });
    expect([sessions.isPlain(0), sessions.isPlain(1)]).toEqual([true, false]);
    expect([sessions.createdAt(0), sessions.createdAt(1)]).toEqual([900, null]);
    sessions.setRounding(1, 'data_tx_bytes', 0n);
    expect(sessions.isPlain(1)).toBe(true);
  });

  test('take over how they were printed later, and nothing older', () => {
    const sessions = sessionsOf({ letters }, { letters });
    const later = (seq: bigint): NativeAnswer =>
      new NativeAnswer(
        2,
        new Map([
          ['c_seq', counts(seq, seq)],
          ['c_tunnel', numbers(5, 6)],
          ['c_session', numbers(2, 2)],
          ['c_layout', counts(seq, seq)],
          ['c_rank', numbers(-1, -1)],
          ['c_idle', maybe(9_000, null)],
          ['c_offset', numbers(0, 0)],
        ]),
      );
    sessions.print(later(16n));
    sessions.print(later(9n));
    expect([...sessions.layouts]).toEqual([77n, 16n]);
    sessions.finish(clock, new Map());
    expect([...sessions.order]).toEqual([1, 0]);
  });
});
