/** Captures in, history out: the main job on the real parts, by the commands that a person types. */
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stack } from './stack.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(name, fixtures));
const path = (name: string): string => decodeURIComponent(new URL(name, fixtures).pathname);

/** The reply: what stands between the command line and the next prompt, or the end. */
function replyOf(capture: Buffer, prompt = ''): Buffer {
  const start = capture.indexOf('\n') + 1;
  const end = prompt === '' ? -1 : capture.lastIndexOf(prompt);
  return capture.subarray(start, end < 0 ? capture.length : end);
}

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
}, 300_000);
afterAll(() => stack.stop(), 60_000);

describe('the nine reference captures', () => {
  const names = readdirSync(new URL('reference/', fixtures)).sort();

  test('are nine', () => {
    expect(names).toHaveLength(9);
  });

  test.each(names)('%s comes back byte for byte', { timeout: 120_000 }, async (name) => {
    const capture = fixture(`reference/${name}`);
    const router = `ref-${name.slice(0, 2)}`;
    const at = '2026-11-20T10:00:00Z';
    const file = path(`reference/${name}`);
    const imported = await stack.reel(['import', file, '--router', router, '--captured-at', at, '--wait']);
    expect(imported.stderr + imported.stdout.toString()).not.toContain('dead');
    expect(imported.status).toBe(0);
    const level = /session ?(.*)$/m.exec(capture.toString().split('\n')[0] ?? '')?.[1]?.trim() ?? '';
    const words = level === '' ? [] : level.split(/\s+/);
    const shown = await stack.reel([
      ...['show', 'services', 'l2tp', 'session', ...words],
      ...['--router', router, '--at', at],
    ]);
    // None of them ends with a prompt.
    expect(shown.stderr).toBe('reel: that listing was not whole: no end seen\n');
    expect(shown.stdout.toString('latin1')).toBe(replyOf(capture).toString('latin1'));
    expect(shown.status).toBe(0);
  });
});

describe('a second capture of a router', () => {
  const router = 'lns7';
  const first = '2011-04-25T20:30:00Z';
  const second = '2011-04-25T20:35:00Z';

  test('gives exactly its events', { timeout: 120_000 }, async () => {
    for (const [name, at] of [
      ['before.txt', first],
      ['after.txt', second],
    ] as const)
      expect((await stack.reel(['import', path(name), '--captured-at', at, '--wait'])).status).toBe(0);
    const history = await stack.rows(
      `SELECT tunnel_local_id AS tunnel, session_local_id AS session, kind, reason, changed, state
       FROM session_history WHERE router = '${router}' ORDER BY at, tunnel, session`,
    );
    const established = { kind: 'opened', reason: 'first_seen', changed: [], state: 'established' };
    expect(history).toEqual([
      { tunnel: 40553, session: 17967, ...established },
      { tunnel: 40553, session: 17968, ...established },
      { tunnel: 40777, session: 17970, ...established },
      { tunnel: 40553, session: 17967, kind: 'changed', reason: '', changed: ['state'], state: 'destroyed' },
      { tunnel: 40553, session: 17968, kind: 'closed', reason: 'gone', changed: [], state: 'established' },
      { tunnel: 40777, session: 17999, ...established, reason: 'new' },
    ]);
    const counters = await stack.rows(
      `SELECT session_local_id AS session, kind, toUInt32(interval_s) AS interval, control_tx_packets AS control,
              data_tx_packets AS tx, data_tx_bytes AS tx_bytes, toString(data_rx_packets) AS rx, data_rx_bytes AS rx_bytes
       FROM counter_deltas WHERE router = '${router}' ORDER BY session`,
    );
    const normal = { kind: 'normal' };
    expect(
      counters.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([k, v]) => [k, typeof v === 'string' && /^\d+$/.test(v) ? Number(v) : v]),
        ),
      ),
    ).toEqual([
      {
        session: 17970,
        ...normal,
        interval: 300,
        control: 1,
        tx: 500,
        tx_bytes: 300000,
        rx: 615,
        rx_bytes: 120000,
      },
      { session: 17999, ...normal, interval: 230, control: 4, tx: 7, tx_bytes: 700, rx: 10, rx_bytes: 228 },
    ]);
  });

  test.each([
    ['before.txt', first],
    ['after.txt', second],
  ])('%s can be shown as it was printed', { timeout: 60_000 }, async (name, at) => {
    const shown = await stack.reel([
      'show',
      'services',
      'l2tp',
      'session',
      'extensive',
      '--router',
      router,
      '--at',
      at,
    ]);
    expect(shown.stdout.toString()).toBe(replyOf(fixture(name), 'netops@lns7> ').toString());
  });

  test('between them, the last known state with its clocks run on', { timeout: 60_000 }, async () => {
    const shown = await stack.reel([
      'show',
      'services',
      'l2tp',
      'session',
      'extensive',
      '--router',
      router,
      '--at',
      '2011-04-25T20:31:30Z',
    ]);
    expect(shown.stderr).toContain('2011-04-25');
    expect(shown.stdout.toString()).toContain('Session local ID: 17968');
    expect(shown.status).toBe(0);
  });

  test('has a ledger that adds up', { timeout: 60_000 }, async () => {
    const ledger = await stack.rows(
      `SELECT outcome, complete, sessions, opened, changed, closed FROM snapshots WHERE router = '${router}' ORDER BY at`,
    );
    expect(ledger).toEqual([
      { outcome: 'applied', complete: true, sessions: 3, opened: 3, changed: 0, closed: 0 },
      { outcome: 'applied', complete: true, sessions: 3, opened: 1, changed: 1, closed: 1 },
    ]);
  });
});

describe('what is no snapshot', () => {
  test.each([
    ['an empty capture', Buffer.alloc(0)],
    ['a binary one', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255))],
    [
      "another command's output",
      Buffer.from('user@host> show version\nHostname: host\nModel: mx480\n\nuser@host> '),
    ],
  ])('%s is refused with a reason and stores nothing', { timeout: 60_000 }, async (_, bytes) => {
    const done = await stack.reel(
      ['import', '-', '--router', 'nobody', '--captured-at', '2026-11-20T10:00:00Z'],
      bytes,
    );
    expect(done.status).toBe(1);
    expect(done.stderr).not.toBe('');
    expect(await stack.rows(`SELECT count() AS n FROM session_history WHERE router = 'nobody'`)).toEqual([
      { n: 0 },
    ]);
  });

  test('a router name of 300 bytes is wrong usage', { timeout: 60_000 }, async () => {
    const done = await stack.reel(['import', path('before.txt'), '--router', 'r'.repeat(300)]);
    expect(done.status).toBe(2);
  });

  test(
    'sent anyway, it becomes a dead letter with its reason and stops nobody',
    { timeout: 120_000 },
    async () => {
      const sent = await stack.reel(
        ['import', '-', '--router', 'odd', '--captured-at', '2026-11-20T10:00:00Z', '--force', '--wait'],
        Buffer.from('this is no listing\n'),
      );
      expect(sent.status).toBe(1);
      const [entry] = await stack.rows(`SELECT outcome, reason FROM snapshots WHERE router = 'odd'`);
      expect(entry?.['outcome']).toBe('dead_letter');
      expect(entry?.['reason']).not.toBe('');
    },
  );
});
