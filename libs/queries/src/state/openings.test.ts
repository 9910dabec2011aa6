import { describe, expect, test } from 'vitest';
import { sessionKey } from '../ask/columns.ts';
import { NativeAnswer, type NativeColumn } from '../ask/native.ts';
import { isOwn, openingsOf } from './openings.ts';

type Event = readonly [kind: 'closed' | 'opened' | 'changed' | 'rebase', reason: string, created: number];
const kinds = ['closed', 'opened', 'changed', 'rebase'];
const key = sessionKey(7, 9);

/** Events of one session, each in a snapshot of its own, as ClickHouse answers them: in no order. */
function answerOf(events: readonly Event[]): NativeAnswer {
  const rows = events.map(([kind, reason, created], i) => ({
    kind: kinds.indexOf(kind),
    reason,
    created,
    i,
  }));
  rows.reverse();
  const words = [...new Set(rows.map((r) => r.reason))];
  const numbers = (values: number[]): NativeColumn => ({
    kind: 'numbers',
    values: Float64Array.from(values),
    nulls: null,
  });
  return new NativeAnswer(
    rows.length,
    new Map<string, NativeColumn>([
      ['c_tunnel', numbers(rows.map(() => 7))],
      ['c_session', numbers(rows.map(() => 9))],
      ['c_kind', numbers(rows.map((r) => r.kind))],
      ['c_created', numbers(rows.map((r) => r.created))],
      ['c_reason', { kind: 'words', words, ids: Uint32Array.from(rows, (r) => words.indexOf(r.reason)) }],
      [
        'c_seq',
        {
          kind: 'counts',
          values: BigUint64Array.from(rows, (r) => BigInt(8 * (10 + r.i) + r.kind)),
          nulls: null,
        },
      ],
    ]),
  );
}

describe('which deltas are those of a session that opened within the group', () => {
  test.each<[string, Event[], boolean]>([
    ['a new session', [['opened', 'new', 5_000]], true],
    ['a session that was there when the router was first seen', [['opened', 'first_seen', 5_000]], false],
    [
      'an id that came again',
      [
        ['closed', 'replaced', 4_000],
        ['opened', 'new', 5_000],
      ],
      true,
    ],
  ])('by its create time: %s', (_, events, isNew) => {
    const openings = openingsOf(answerOf(events));
    expect([...openings.clear]).toEqual([[key, { created: 5_000, isNew }]]);
    expect(openings.unclear.size).toBe(0);
    // A create time that moves by up to 2 s is that of the same incarnation.
    expect([4_997, 4_998, 5_000, 5_002, 5_003].map((created) => isOwn(openings, key, created))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(isOwn(openings, key + 1, 4_000)).toBe(true);
  });

  test.each<[string, Event[], bigint]>([
    [
      'counters that began anew',
      [
        ['opened', 'new', 5_000],
        ['rebase', 'epoch', 5_000],
      ],
      11n,
    ],
    ['counters of one that was there before', [['rebase', 'anomaly', 5_000]], 10n],
    [
      'a session that returned',
      [
        ['closed', 'gone', 5_000],
        ['opened', 'returned', 5_000],
      ],
      11n,
    ],
    [
      'one that changed since it opened',
      [
        ['opened', 'new', 5_000],
        ['changed', '', 5_000],
      ],
      10n,
    ],
    ['one without a create time', [['opened', 'new', 0]], 10n],
    [
      'create times that can not be told apart',
      [
        ['closed', 'replaced', 4_997],
        ['opened', 'new', 5_000],
      ],
      11n,
    ],
  ])('by its last whole counters: %s', (_, events, event) => {
    const openings = openingsOf(answerOf(events));
    expect([...openings.unclear]).toEqual([[key, event]]);
    expect(openings.clear.size).toBe(0);
    expect(isOwn(openings, key, 1)).toBe(true);
  });

  test.each<[string, Event[]]>([
    ['closed', [['closed', 'gone', 5_000]]],
    ['changed', [['changed', '', 5_000]]],
  ])('all of those behind the keyframe: only %s', (_, events) => {
    const openings = openingsOf(answerOf(events));
    expect([openings.clear.size, openings.unclear.size]).toEqual([0, 0]);
  });
});
