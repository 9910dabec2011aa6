import { readdirSync, readFileSync } from 'node:fs';
import {
  jsonOfRecord,
  recordOfRow,
  rowWords,
  StringTable,
  type RowBatch,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParseHints } from '../envelope/reader.ts';
import { SnapshotParser } from '../envelope/snapshot-parser.ts';
import { Planner, sizeOfPart, type PlannedCapture } from './plan.ts';

interface Parsed {
  readonly sessions: string[];
  readonly facts: SnapshotFacts[];
}

function parse(bytes: Uint8Array, hints: ParseHints = {}): Parsed {
  const sessions: string[] = [];
  const facts: SnapshotFacts[] = [];
  const parser = new SnapshotParser(
    new StringTable(),
    {
      begin: () => undefined,
      rows: (batch: RowBatch) => {
        for (let i = 0; i < batch.count; i++) {
          sessions.push(jsonOfRecord(recordOfRow(batch.words, i * rowWords, batch.strings)));
        }
      },
      end: (x) => facts.push(x),
    },
    hints,
  );
  parser.write(bytes);
  parser.end();
  return { sessions, facts };
}

function plan(
  bytes: Uint8Array,
  partBytes: number,
  chunk = 1 << 20,
): { captures: PlannedCapture[]; skipped: number } {
  const planner = new Planner(partBytes);
  for (let at = 0; at < bytes.length; at += chunk) planner.write(bytes.subarray(at, at + chunk));
  const captures = planner.finish();
  return { captures, skipped: planner.skipped };
}

function bytesOfParts(bytes: Uint8Array, capture: PlannedCapture): Buffer[] {
  return capture.parts.map((x) => Buffer.concat([x.prefix, bytes.subarray(x.start, x.end), x.suffix]));
}

/** Sessions of every part, parsed alone, must be those of the whole. */
function expectSameSessions(bytes: Uint8Array, partBytes: number, chunk: number): number {
  const whole = parse(bytes);
  const { captures } = plan(bytes, partBytes, chunk);
  const sessions: string[] = [];
  let parts = 0;
  for (const capture of captures) {
    for (const part of bytesOfParts(bytes, capture)) {
      const parsed = parse(part, { command: capture.command });
      expect(parsed.facts.flatMap((x) => x.errors)).toEqual([]);
      expect(parsed.facts.length).toBe(1);
      sessions.push(...parsed.sessions);
      parts++;
    }
  }
  expect(sessions).toEqual(whole.sessions);
  return parts;
}

const mSessions = (tunnel: number, count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `  Session local ID: ${i + 1}, Session remote ID: ${(i * 7) % 65536}
    State: Established, Bundle ID: 5, Mode: shared
    Local IP:10.0.0.1:1701, Remote IP:10.1.0.${tunnel}:1701
    Username: u${tunnel}-${i}@x, Assigned IP address: 100.64.0.${i % 256}
    Local name: lns1, Remote name: lac${tunnel}
    Interface unit: ${i}, Call serial number: ${i}
    Create time: Tue Mar 23 14:13:15 2004, Up time: 01:16:41
    Idle time: 00:00:00
`,
  ).join('');

const textCapture = (tunnels: number, each: number, end = '\nuser@lns1> \n'): Buffer =>
  Buffer.from(
    'user@lns1> show services l2tp session extensive\n' +
      Array.from(
        { length: tunnels },
        (_, t) =>
          `Interface: sp-1/2/0, Tunnel group: g, Tunnel local ID: ${t + 1}\n${mSessions(t + 1, each)}\n`,
      ).join('') +
      end,
  );

const briefCapture = (tunnels: number, each: number): Buffer =>
  Buffer.from(
    'user@lns1> show services l2tp session\n' +
      Array.from({ length: tunnels }, (_, t) => {
        const rows = Array.from(
          { length: each },
          (_, i) =>
            `  ${String(i + 1).padEnd(6)} ${String(i + 2).padEnd(8)} Established          ${1073741824 + i}        si-5/2/0\n`,
        );
        return `Tunnel local ID: ${t + 1}\n  Local  Remote   State                Interface         Interface\n  ID     ID                            unit              Name\n${rows.join('')}`;
      }).join('') +
      'user@lns1> \n',
  );

const leaf = (name: string, value: string | number): string => `            <${name}>${value}</${name}>\n`;
const xmlCapture = (tunnels: number, each: number, prefix = ''): Buffer =>
  Buffer.from(
    `user@lns1> show services l2tp session extensive | display xml\n<rpc-reply xmlns:junos="http://xml.juniper.net/junos/23.1R1/junos">
    <${prefix}service-l2tp-session-information xmlns${prefix === '' ? '' : `:${prefix.slice(0, -1)}`}="http://xml.juniper.net/junos/23.1R1/junos-l2tp" junos:style="a>b">
${Array.from(
  { length: tunnels },
  (_, t) => `        <${prefix}l2tp-per-tunnel-session-table>
            <${prefix}l2tp-tunnel-local-id>${t + 1}</${prefix}l2tp-tunnel-local-id>
            <${prefix}l2tp-session-table>
${Array.from(
  { length: each },
  (_, i) =>
    `        <${prefix}l2tp-session-entry>\n${leaf(`${prefix}l2tp-session-local-id`, i + 1)}${leaf(`${prefix}l2tp-session-remote-id`, 5)}${leaf(`${prefix}l2tp-session-state`, 'Established')}${leaf(`${prefix}l2tp-session-user-name`, `u&lt;${i}`)}            <!-- </l2tp-session-entry> -->\n        </${prefix}l2tp-session-entry>\n`,
).join('')}            </${prefix}l2tp-session-table>
        </${prefix}l2tp-per-tunnel-session-table>
`,
).join('')}    </${prefix}service-l2tp-session-information>
    <cli>
        <banner></banner>
    </cli>
</rpc-reply>

user@lns1> \n`,
  );

const jsonCapture = (tunnels: number, each: number, space: number): Buffer => {
  const one = (data: unknown): object[] => [{ data }];
  const reply = {
    'service-l2tp-session-information': [
      {
        attributes: { xmlns: 'http://xml.juniper.net/junos/23.1R1/junos-l2tp' },
        'l2tp-per-tunnel-session-table': Array.from({ length: tunnels }, (_, t) => ({
          'l2tp-tunnel-local-id': one(String(t + 1)),
          'l2tp-session-table': [
            {
              'l2tp-session-entry': Array.from({ length: each }, (_, i) => ({
                'l2tp-session-local-id': one(String(i + 1)),
                'l2tp-session-remote-id': one('5'),
                'l2tp-session-state': one('Established'),
                'l2tp-session-user-name': one(`u"}]${i}\\`),
              })),
            },
          ],
        })),
      },
    ],
  };
  return Buffer.from(
    `user@lns1> show services l2tp session extensive | display json\n${JSON.stringify(reply, null, space)}\nuser@lns1> \n`,
  );
};

describe('parts', { timeout: 60_000 }, () => {
  const captures: [string, Buffer][] = [
    ['extensive text', textCapture(3, 20)],
    ['extensive text with CR LF', Buffer.from(String(textCapture(3, 20)).replaceAll('\n', '\r\n'))],
    ['brief text', briefCapture(4, 15)],
    ['XML', xmlCapture(3, 12)],
    ['XML with a prefix', xmlCapture(2, 12, 'l:')],
    ['JSON', jsonCapture(3, 12, 2)],
    ['JSON without white space', jsonCapture(3, 12, 0)],
  ];

  it.each(captures)('of %s hold the sessions of the whole, wherever it is cut', (_, bytes) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6000 }),
        fc.integer({ min: 1, max: 5000 }),
        (partBytes, chunk) => {
          const parts = expectSameSessions(bytes, partBytes, chunk);
          if (bytes.length > partBytes * 3) expect(parts).toBeGreaterThan(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(captures)('of %s do not depend on the chunks', (_, bytes) => {
    const whole = plan(bytes, 1500);
    for (const chunk of [1, 7, 100, 1000]) expect(plan(bytes, 1500, chunk)).toEqual(whole);
  });

  it('are at most one session larger than asked for', () => {
    const { captures: found } = plan(textCapture(2, 200), 5000);
    for (const part of found[0]?.parts ?? []) expect(sizeOfPart(part)).toBeLessThan(6000);
  });

  // Fixtures of the format's library: what it reads as a whole listing, it must read in parts.
  const folder = new URL('../../fixtures/', import.meta.url);
  const fixtures = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readdirSync(new URL(`${entry.name}/`, folder)).map((file) => `${entry.name}/${file}`))
    .filter((path) => /\/in\.(?:txt|xml|json)$/.test(path));

  it.each(fixtures)('of fixture %s hold its sessions', (path) => {
    const bytes = readFileSync(new URL(path, folder));
    const { facts } = parse(bytes);
    if (
      facts.length === 0 ||
      facts.some((x) => x.errors.length > 0 || /cut|not closed/.test(x.incompleteReason))
    )
      return;
    expectSameSessions(bytes, 1, 50);
    expectSameSessions(bytes, 3000, 4096);
  });
});

it('NETCONF chunks are not cut: their sizes stand in the reply', () => {
  const reply = String(xmlCapture(2, 10));
  const body = Buffer.from(reply.slice(reply.indexOf('<'), reply.indexOf('\n\nuser@')));
  const chunked = Buffer.concat([
    Buffer.from(`\n#1000\n`),
    body.subarray(0, 1000),
    Buffer.from(`\n#${body.length - 1000}\n`),
    body.subarray(1000),
    Buffer.from('\n##\n'),
  ]);
  expect(parse(chunked).sessions.length).toBe(20);
  expect(plan(chunked, 500).captures.map((x) => x.parts.length)).toEqual([1]);
});

describe('a file of several commands', { timeout: 60_000 }, () => {
  const bytes = Buffer.concat([
    Buffer.from(
      'login banner\n\n{master}\nuser@lns1> show version\nHostname: lns1\nJunos: 21.4R3\n\n{master}\n',
    ),
    textCapture(1, 3, ''),
    Buffer.from('{master}\n'),
    briefCapture(1, 2),
  ]);

  it('is a capture for each that lists sessions; the others are counted', () => {
    const { captures, skipped } = plan(bytes, 1 << 20);
    expect(captures.map((x) => [x.command, x.host, x.followed])).toEqual([
      ['show services l2tp session extensive', 'lns1', true],
      ['show services l2tp session', 'lns1', false],
    ]);
    expect(skipped).toBe(1);
    const texts = captures.map((x) => String(bytes.subarray(x.start, x.end)));
    expect(texts[0]).toMatch(/^\{master\}\nuser@lns1> show services l2tp session extensive\n/);
    expect(texts[0]).not.toContain('show version');
    expect(texts[1]).toMatch(/^\{master\}\nuser@lns1> show services l2tp session\n/);
  });

  it('ends a capture at a prompt where nothing was typed, if a listing follows, as the parser does', () => {
    const listing =
      'Tunnel local ID: 1\n  Session local ID: 1, Session remote ID: 2\n    State: Established\n';
    const command = 'user@lns1> show services l2tp session extensive\n';
    const text = `${command}${listing}\nuser@lns1> \n${listing}\n{master}\nuser@lns1> \n\nuser@lns1> `;
    const { captures } = plan(Buffer.from(text), 1000);
    expect(captures.map((x) => [x.command, x.host, x.followed])).toEqual([
      ['show services l2tp session extensive', 'lns1', true],
      ['', 'lns1', false],
    ]);
    expect(parse(Buffer.from(text)).facts.map((x) => [x.command, x.sessions, x.complete])).toEqual([
      ['show services l2tp session extensive', 1, true],
      ['', 1, true],
    ]);
  });

  it('takes a command that was echoed twice as one, as the parser does', () => {
    const line = 'user@lns1> show services l2tp session extensive\n';
    const text = `${line}${line}Tunnel local ID: 1\n  Session local ID: 1, Session remote ID: 2\n\nuser@lns1> `;
    expect(plan(Buffer.from(text), 1000).captures.length).toBe(1);
    expect(parse(Buffer.from(text)).facts.map((x) => [x.sessions, x.complete])).toEqual([[1, true]]);
  });

  it('keeps a command that listed nothing: it closes everything', () => {
    const { captures } = plan(Buffer.from('user@lns1> show services l2tp session\n\nuser@lns1> \n'), 1000);
    expect(captures.length).toBe(1);
  });
});

it('a file of something else is one capture, for the parser to judge', () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 256));
  expect(plan(bytes, 1000).captures).toEqual([
    {
      start: 0,
      end: 5000,
      command: '',
      host: '',
      followed: false,
      parts: [{ start: 0, end: 5000, prefix: new Uint8Array(0), suffix: new Uint8Array(0) }],
    },
  ]);
  expect(plan(new Uint8Array(0), 1000).captures).toEqual([]);
});
