/** What history, diff, who-had and audit print of the answers that the questions give. */
import { PassThrough } from 'node:stream';
import type { AuditReport, History, HistoryEvent, StateDiff, StateSession } from '@sessionreel/queries';
import { describe, expect, it } from 'vitest';
import { idOf, rangeOf } from './questions/ask.ts';
import { printReport } from './questions/audit.ts';
import { printDiff } from './questions/diff.ts';
import { printHistory, subjectOf } from './questions/history.ts';
import { run } from './io.fixture.ts';
import { processIo, type Io } from './terminal/terminal.ts';
import { shownChange, shownValue } from './terminal/values.ts';

function captured(): { io: Io; out: () => string; err: () => string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const read = (stream: PassThrough) => (): string => String((stream.read() as Buffer | null) ?? '');
  const now = (): number => Date.UTC(2026, 10, 20, 12);
  return { io: { ...processIo, stdout, stderr, now }, out: read(stdout), err: read(stderr) };
}

const at = Date.UTC(2026, 10, 20, 10);
const event: HistoryEvent = {
  router: 'lns1',
  tunnel: 7,
  session: 9,
  kind: 'changed',
  reason: '',
  at,
  lastSeenAt: at,
  createTime: 1_790_000_000,
  createdAt: null,
  changes: [
    { field: 'state', before: 'established', after: 'destroyed' },
    { field: 'interface_id', before: null, after: '' },
    { field: 'tx_speed', before: undefined, after: 18446744073709551615n },
  ],
  values: { state: 'destroyed', tx_speed: 18446744073709551615n, create_time: 1_790_000_000 },
};
const answer: History = {
  events: [event],
  traffic: [
    {
      router: 'lns1',
      tunnel: 7,
      session: 9,
      createTime: null,
      from: at,
      to: at + 60_000,
      sums: { data_tx_bytes: 29_000n },
      errors: { data_tx_bytes: 50n },
      lowerBounds: 1,
      seen: ['data_tx_bytes'],
    },
  ],
  vouchers: [{ router: 'lns1', snapshots: 2, first: at, last: at + 60_000 }],
  coverage: { from: at, to: at + 60_000, routers: [], missing: [] },
};

describe('values', () => {
  it('absent, empty and N/A look like three', () => {
    expect(['(absent)', '(empty)', 'N/A']).toEqual([undefined, '', null].map((x) => shownValue('mode', x)));
  });

  it('numbers have their unit, local times none', () => {
    expect(shownValue('tx_speed', 64_000n)).toBe('64,000 bit/s');
    expect(shownValue('create_time', 0)).toBe('1970-01-01T00:00:00');
    expect(shownChange({ field: 'interface_unit', before: 1073749824, after: 5 })).toBe(
      'interface_unit: 1073749824 → 5',
    );
  });
});

describe('reel history', () => {
  it('prints events, then traffic with its bounds, and what vouches for it', async () => {
    const { io, out, err } = captured();
    await printHistory(answer, 'table', io);
    const text = out();
    expect(text).toContain(
      'state: established → destroyed; interface_id: N/A → (empty); tx_speed: (absent) → 18,446',
    );
    expect(text).toContain('≥ 29,000 ± 50');
    // Received bytes were never printed: that is not zero.
    expect(text).toContain('unknown');
    expect(err()).toBe('reel: lns1: by 2 snapshots, 2026-11-20T10:00:00Z to 2026-11-20T10:01:00Z\n');
  });

  it('keeps integers exact and absent values out of JSON', async () => {
    const { io, out } = captured();
    await printHistory(answer, 'ndjson', io);
    const text = out();
    expect(text).toContain('"tx_speed":18446744073709551615');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((x) => x['type'])).toEqual(['event', 'traffic', 'voucher']);
    expect(lines[0]?.['changes']).toMatchObject([{}, { before: null, after: '' }, { field: 'tx_speed' }]);
    expect(Object.keys((lines[0]?.['changes'] as object[])[2] ?? {})).toEqual(['field', 'after']);
  });

  it('says so when nothing is known', async () => {
    const { io, out, err } = captured();
    await printHistory({ ...answer, events: [], traffic: [], vouchers: [] }, 'table', io);
    expect([out(), err()]).toEqual(['', 'reel: nothing is known of it in that time\n']);
  });

  it('wants exactly one subject', () => {
    expect(subjectOf({ user: "o'neil --" })).toEqual({ user: "o'neil --" });
    expect(subjectOf({ router: 'r', tunnel: '65535', session: '0' })).toEqual({
      session: { router: 'r', tunnel: 65535, session: 0 },
    });
    for (const flags of [
      {},
      { user: 'a', ip: 'b' },
      { router: 'r' },
      { router: 'r', tunnel: '1' },
      { tunnel: '1', ip: 'x' },
    ]) {
      expect(() => subjectOf(flags)).toThrow(/whose history|together/);
    }
    expect(() => subjectOf({ router: 'r', tunnel: '65536', session: '1' })).toThrow('0 to 65535');
    expect(() => idOf('--session', '1; DROP TABLE x')).toThrow('0 to 65535');
  });
});

describe('ranges', () => {
  it('are refused when they are reversed, empty or in the future', () => {
    const { io } = captured();
    expect(rangeOf({ from: '-1h' }, io)).toEqual({ from: Date.UTC(2026, 10, 20, 11) });
    expect(() => rangeOf({ from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:00:00Z' }, io)).toThrow('before');
    expect(() => rangeOf({ from: '2026-11-20T10:00:00Z', to: '2026-11-19' }, io)).toThrow('before');
    expect(() => rangeOf({ from: '2027-01-01' }, io)).toThrow('future');
  });
});

describe('reel diff', () => {
  const session = (id: number, state: string): StateSession =>
    ({
      record: { values: { tunnel_local_id: 7, session_local_id: id, state }, rounding: {}, unknown: [] },
    }) as unknown as StateSession;
  const diff = {
    router: 'lns1',
    before: { at, variant: 'lns-m' },
    after: { at: at + 3_600_000, variant: 'lns-m' },
    opened: [session(1, 'established')],
    changed: [
      {
        before: session(2, 'established'),
        after: session(2, 'destroyed'),
        changes: [{ field: 'state', before: 'established', after: 'destroyed' }],
      },
    ],
    closed: [session(3, 'established')],
    unchanged: 12_345,
    traffic: { data_tx_bytes: 5_000n, data_rx_bytes: 0n },
    trafficErrors: { data_tx_bytes: 50n },
    lowerBounds: 0,
  } as unknown as StateDiff;

  it('prints a line a session and sums on stderr', async () => {
    const { io, out, err } = captured();
    await printDiff(diff, 'csv', io);
    expect(out().split('\r\n')).toEqual([
      'kind,tunnel_local_id,session_local_id,create_time,state,user_name,changes',
      'closed,7,3,,established,,',
      'changed,7,2,,destroyed,,state: established → destroyed',
      'opened,7,1,,established,,',
      '',
    ]);
    expect(err()).toBe(
      'reel: as of 2026-11-20T10:00:00Z and 2026-11-20T11:00:00Z\n' +
        'reel: 1 closed, 1 changed, 1 opened, 12,345 the same\n' +
        'reel: data tx 5,000 ± 50 bytes, data rx 0 bytes\n',
    );
  });

  it("does not call a LAC's unknown traffic zero", async () => {
    const { io, err } = captured();
    await printDiff({ ...diff, after: { ...diff.after, variant: 'lac' } }, 'table', io);
    expect(err()).not.toContain('data tx');
  });

  it('is one object as JSON', async () => {
    const { io, out } = captured();
    await printDiff(diff, 'json', io);
    expect(JSON.parse(out())).toMatchObject({
      opened: 1,
      closed: 1,
      unchanged: 12345,
      sessions: [{ kind: 'closed' }, {}, {}],
    });
  });
});

describe('reel audit', () => {
  const report: AuditReport = {
    accounts: [{ partition: 0, first: 0, last: 9, messages: 10, applied: 8, stale: 1, deadLettered: 1 }],
    problems: [{ kind: 'missing_event', where: 'lns\u001b1', detail: 'seq 4' }],
    statesCompared: 3,
  };

  it('names every problem', async () => {
    const { io, out, err } = captured();
    await printReport(report, 'csv', io);
    expect(out()).toContain('0,0,9,10,8,1,1\r\n');
    expect(err()).toBe(
      'reel: missing event: lns\\x1b1: seq 4\nreel: 1 problems; 3 states rebuilt and compared\n',
    );
  });
});

it.each(['history', 'diff', 'who-had', 'audit'])('reel %s explains itself with examples', async (command) => {
  const { status, stdout } = await run([command, '--help']);
  expect(status).toBe(0);
  expect(stdout).toContain(`$ reel ${command}`);
});

it.each([
  [['history']],
  [['diff', '--router', 'r']],
  [['who-had', '10.0.0.1']],
  [['who-had', '10.0.0.1', '--at', '2099-01-01']],
  [['audit', '--sample', 'all']],
])('wrong usage is status 2: %j', async (argv) => {
  expect((await run(argv)).status).toBe(2);
});
