import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { Planner, SnapshotParser, type ParseHints } from '@sessionreel/junos-l2tp';
import type { LedgerSnapshot, PartFrame, RouterStateAt, StateSession } from '@sessionreel/queries';
import {
  layoutSlot,
  recordOfRow,
  rowWords,
  StringTable,
  type RowBatch,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { run } from '../io.fixture.ts';
import { printState, requestOf, span } from './show.ts';
import { processIo } from '../terminal/terminal.ts';

interface Read {
  readonly sessions: StateSession[];
  readonly facts: SnapshotFacts;
}

function read(bytes: Uint8Array, hints: ParseHints = {}): Read {
  const strings = new StringTable();
  const sessions: StateSession[] = [];
  const facts: SnapshotFacts[] = [];
  const rows = (batch: RowBatch): void => {
    for (let i = 0; i < batch.count; i++) {
      const row = i * rowWords;
      const record = recordOfRow(batch.words, row, strings);
      const layout = strings.text(batch.words[row + layoutSlot] ?? 0);
      sessions.push({
        record,
        printed: record,
        layout,
        rank: sessions.length,
        changedAt: 0,
        createdAt: null,
      });
    }
  };
  const parser = new SnapshotParser(
    strings,
    { begin: () => undefined, rows, end: (x) => facts.push(x) },
    hints,
  );
  parser.write(bytes);
  parser.end();
  const [first] = facts;
  if (first === undefined) throw new Error('no snapshot');
  return { sessions, facts: first };
}

const ledger = (facts: SnapshotFacts): LedgerSnapshot =>
  ({
    at: 0,
    seq: 1n,
    complete: true,
    reason: '',
    variant: facts.variant ?? '',
    format: facts.format,
    level: facts.level,
  }) as LedgerSnapshot;

/** State as the questions give it, of a capture that came in these parts. */
function stateOf(parts: readonly Read[]): RouterStateAt {
  const last = parts.at(-1)?.facts;
  if (last === undefined) throw new Error('no part');
  const sessions = parts.flatMap((x) => x.sessions);
  const frames = parts.map((x, i): PartFrame => ({
    part: i + 1,
    document: x.facts.document,
    sessions: i === parts.length - 1 ? sessions.length : x.sessions.length,
  }));
  const snapshot = ledger(last);
  return {
    coverage: { from: 0, to: 0, routers: [], missing: [] },
    printedFields: null,
    router: 'r',
    at: 0,
    asOf: snapshot,
    printedBy: snapshot,
    format: last.format,
    level: last.level,
    sessions,
    document: last.document,
    parts: frames,
    consistent: true,
  };
}

async function shown(state: RouterStateAt, terminal = false): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal });
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await printState(state, { ...processIo, stdout });
  return Buffer.concat(chunks).toString();
}

/** The router's reply: from after the command line to its end. */
function replyOf(capture: string): string {
  return capture
    .replace(/^(?:\{master\}\n)?\S+@\S+> ?.*\r?\n/, '')
    .replace(/\r?\n?(?:\{master\}\r?\n)?\S+@\S+> ?\r?\n?$/, '');
}

const folder = new URL('../../../../libs/junos-l2tp/fixtures/', import.meta.url);
const samples = readdirSync(folder).filter((name) => /^0\d-/.test(name));

describe('what is printed', () => {
  it.each(samples)('of reference sample %s is the reply, byte for byte', async (name) => {
    const text = readFileSync(new URL(`${name}/in.txt`, folder));
    expect(await shown(stateOf([read(text)]))).toBe(replyOf(String(text)));
  });

  const session = (id: number, name: string): string =>
    `  Session local ID: ${id}, Session remote ID: 1\n    Interface unit: ${id}\n    State: Established\n    Interface: si-5/2/0\n    Mode: Dedicated\n    Local IP:, Remote IP:\n    Local name: ${name}, Remote name: testlac\n    Create time: Mon Apr 25 20:27:50 2011, Up time: 00:01:48\n    Idle time: N/A\n`;
  const extensive = (gap: string): string =>
    `user@r> show services l2tp session extensive\n${[1, 2, 3]
      .map((t) => `Tunnel local ID: ${t}\n${[1, 2, 3, 4].map((s) => session(s, 'lns')).join('')}`)
      .join(gap)}\nuser@r> \n`;
  const xml = `user@r> show services l2tp session extensive | display xml
<rpc-reply xmlns:junos="http://xml.juniper.net/junos/23.1R1/junos">
    <service-l2tp-session-information xmlns="http://xml.juniper.net/junos/23.1R1/junos-l2tp">
${[1, 2, 3]
  .map(
    (t) => `        <l2tp-per-tunnel-session-table>
            <l2tp-tunnel-local-id>${t}</l2tp-tunnel-local-id>
            <l2tp-session-table>
${[1, 2, 3, 4]
  .map(
    (s) => `                <l2tp-session-entry>
                    <l2tp-session-local-id>${s}</l2tp-session-local-id>
                    <l2tp-session-remote-id>7</l2tp-session-remote-id>
                    <l2tp-session-state>Established</l2tp-session-state>
                </l2tp-session-entry>
`,
  )
  .join('')}            </l2tp-session-table>
        </l2tp-per-tunnel-session-table>
`,
  )
  .join('')}    </service-l2tp-session-information>
    <cli>
        <banner></banner>
    </cli>
</rpc-reply>

user@r> \n`;

  it.each([
    ['text', extensive('')],
    ['text with blank lines between tunnels', extensive('\n')],
    ['XML', xml],
  ])('of a listing that came in parts is that of the whole: %s', async (_, capture) => {
    const bytes = Buffer.from(capture);
    const whole = await shown(stateOf([read(bytes)]));
    expect(whole.length).toBeGreaterThan(500);
    for (const partBytes of [1, 700, 1300, 2000]) {
      const planner = new Planner(partBytes);
      planner.write(bytes);
      const [plan] = planner.finish();
      const parts = (plan?.parts ?? []).map((x, i, all) =>
        read(Buffer.concat([x.prefix, bytes.subarray(x.start, x.end), x.suffix]), {
          command: plan?.command ?? '',
          complete: i < all.length - 1,
        }),
      );
      // A part of one session alone tells nothing of what stands between sessions.
      if (partBytes === 1) expect(parts.length).toBe(12);
      else expect(await shown(stateOf(parts)), `parts of ${partBytes}`).toBe(whole);
    }
  });

  it('on a terminal has controls escaped, through a pipe has not', async () => {
    const capture = Buffer.from(extensive('').replace('Local name: lns', 'Local name: \u001b[2Jlns\u202e'));
    const state = stateOf([read(capture)]);
    expect(await shown(state)).toContain('\u001b[2Jlns\u202e');
    const safe = await shown(state, true);
    expect(safe).toContain('\\x1b[2Jlns\\u202e');
    expect(safe.split('\n').length).toBe((await shown(state)).split('\n').length);
  });
});

describe('the command', () => {
  it.each([
    [['services', 'l2tp', 'session'], { level: 'brief', scope: {} }],
    [['serv', 'l2tp', 'sess', 'ext'], { level: 'extensive', scope: {} }],
    [['services l2tp session extensive | display xml'], { level: 'extensive', display: 'xml' }],
    [['services', 'l2tp', 'session', '|', 'display', 'json'], { display: 'json' }],
    [['services', 'l2tp', 'session', 'user', 'a b|c "d"\\'], { scope: { user: 'a b|c "d"\\' } }],
    [
      ['services', 'l2tp', 'session', 'statistics', 'local', 'session-id', '1'],
      { level: 'statistics', scope: { 'local-session-id': '1' } },
    ],
    [['services', 'l2tp', 'session', 'user', "x' OR 1=1 --"], { scope: { user: "x' OR 1=1 --" } }],
  ])('%j is taken', (words, expected) => {
    expect(requestOf(words)).toMatchObject(expected);
  });

  it("is refused in the router's words, with ^ under what it did not take", () => {
    const failure = (words: string[]): unknown => {
      try {
        return requestOf(words);
      } catch (error) {
        return error;
      }
    };
    expect(failure(['services', 'l2tp', 'session', 'loud'])).toMatchObject({
      status: 2,
      message: 'show services l2tp session loud\n                                 ^\nsyntax error.',
    });
    expect(failure(['services', 'l2tp', 'session', 'local'])).toMatchObject({
      message: expect.stringContaining("'local' is ambiguous.") as string,
    });
    expect(failure(['services', 'l2tp', 'session', 'user'])).toMatchObject({
      message: expect.stringContaining('missing argument.') as string,
    });
    expect(failure(['version'])).toMatchObject({ status: 2 });
    expect(failure(['services', 'l2tp', 'session', '|', 'count'])).toMatchObject({
      message: expect.stringContaining('pipe the output') as string,
    });
  });

  it('wants a router, a time that was, and ClickHouse', async () => {
    const words = ['show', 'services', 'l2tp', 'session'];
    expect((await run(words)).status).toBe(2);
    expect((await run([...words, '--router', 'r', '--at', 'soon'])).stderr).toContain('is not a time');
    const future = await run([...words, '--router', 'r', '--at', '2099-01-01'], {
      now: Date.UTC(2026, 0, 1),
    });
    expect([future.status, future.stderr]).toEqual([
      2,
      'reel: 2099-01-01T00:00:00Z is in the future: it is 2026-01-01T00:00:00Z\n',
    ]);
    const away = await run([...words, '--router', 'r', '--clickhouse-url', 'http://127.0.0.1:1']);
    expect([away.status, away.stdout]).toEqual([3, '']);
    expect(away.stderr).toContain('REEL_CLICKHOUSE_URL');
  });
});

it.each([
  [400, '0 s'],
  [59_000, '59 s'],
  [180_000, '3 min'],
  [7_500_000, '2 h 5 min'],
  [90_000_000, '1 d 1 h'],
])('%d ms are %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});
