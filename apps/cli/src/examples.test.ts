/** The examples of every command's help are run, on a small fleet of two days. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store, insertInbox, migrate, takeFence, tokenOf } from '@sessionreel/clickhouse';
import { fleetYaml, headersOf, routerSpec, simulate } from '@sessionreel/fleet-sim';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { startClickHouse } from '@sessionreel/local';
import { RouterState } from '@sessionreel/session-diff';
import {
  createEventWriter,
  encodeFlatDelta,
  ocfOf,
  takeWritten,
  type OcfMessage,
} from '@sessionreel/session-events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type Ran } from './io.fixture.ts';
import { createProgram } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-examples-'));
const start = Date.UTC(2026, 10, 18, 10);
const now = Date.UTC(2026, 10, 20, 12);
const fleetFile = join(folder, 'fleet.yaml');
const abuseFile = join(folder, 'abuse.csv');
const peers = ['lns1', 'lns2'];
const specs = [
  routerSpec({
    name: 'lns1',
    role: 'lns',
    platform: 'm',
    release: '11.4R7',
    sessions: 6,
    peers: ['lns2'],
    lcpEcho: true,
  }),
  routerSpec({ name: 'lns2', role: 'lns', sessions: 6, peers: ['lns1'], addresses: 'plain' }),
  routerSpec({ name: 'lac1', role: 'lac', sessions: 12, peers, addresses: 'plain' }),
];
let server: Awaited<ReturnType<typeof startClickHouse>>;

/** What processor and loader make of captures, one router a partition. */
class Filler {
  readonly #state: RouterState;
  readonly #writer = createEventWriter();
  readonly #messages: OcfMessage[] = [];
  readonly #partition: number;
  #captures = 0;

  constructor(router: string, partition: number) {
    this.#state = new RouterState(router, {});
    this.#partition = partition;
  }

  take(bytes: Uint8Array, at: number, hints: { command: string; complete: boolean }): void {
    const state = this.#state;
    const offset = this.#captures++;
    const source = {
      snapshotId: '',
      capturedAt: at,
      logTime: at,
      partition: this.#partition,
      offset,
      previousOffset: offset - 1,
    };
    state.prepare();
    const sink = {
      begin: (s: Parameters<RouterState['begin']>[1] & { ordinal: number }) =>
        state.begin({ ...source, part: 1, parts: 1, ordinal: s.ordinal }, s),
      rows: (batch: Parameters<RouterState['rows']>[0]) => state.rows(batch),
      end: (facts: Parameters<RouterState['end']>[0]) => {
        state.end(facts, (delta) => {
          encodeFlatDelta(delta, this.#writer);
          const datum = takeWritten(this.#writer);
          this.#messages.push({ partition: this.#partition, offset: this.#messages.length, datum });
        });
      },
    };
    const parser = new SnapshotParser(state.strings, sink, hints);
    parser.write(bytes);
    parser.end();
  }

  async insert(store: Store): Promise<void> {
    const epoch = await takeFence(store, [this.#partition], 'test');
    const count = this.#messages.length;
    const ranges = [{ partition: this.#partition, first: 0, last: count - 1, messages: count }];
    const token = tokenOf(epoch, ranges, 0);
    await insertInbox(store, {
      ocf: ocfOf(this.#messages, epoch),
      ranges,
      epoch,
      token,
      queryId: `fill-${this.#partition}`,
    });
  }
}

beforeAll(async () => {
  server = await startClickHouse({ dir: join(folder, 'clickhouse'), port: 0 });
  const settings = { url: server.address, database: 'sessionreel', user: 'default', password: '' };
  await migrate(settings);
  writeFileSync(fleetFile, fleetYaml(specs));
  writeFileSync(
    abuseFile,
    '# address, time\n192.0.2.1,2026-11-20T09:00:00Z\r\n2001:db8::1 2026-11-20 09:30\nnonsense;-1h\n',
  );
  const fillers = new Map(specs.map((s, i) => [s.name, new Filler(s.name, i)]));
  const sim = simulate({
    seed: 4,
    routers: specs,
    start,
    durationMs: now - start,
    pollEveryMs: 840_000,
    faults: 'none',
  });
  for (const item of sim)
    if (item.kind === 'capture' && item.capturedAt <= now)
      fillers.get(item.router)?.take(item.bytes, item.capturedAt, {
        command: item.command,
        complete: headersOf(item)['complete'] === 'true' || item.truth.ended,
      });
  const store = new Store(settings);
  for (const filler of fillers.values()) await filler.insert(store);
  await store.close();
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Commands that ask ClickHouse or read a file; the others are run where a Kafka is. */
const askers = new Set([
  'show',
  'history',
  'diff',
  'what-happened',
  'who-had',
  'fleet',
  'capacity',
  'audit',
  'migrate',
  'fleet-file',
]);

/** Words of a line as a shell would see them. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');

async function examples(): Promise<string[]> {
  const found: string[] = [];
  const visit = async (
    path: readonly string[],
    command: Awaited<ReturnType<typeof createProgram>>,
  ): Promise<void> => {
    const { stdout, status } = await run([...path, '--help'], { now });
    expect(status, path.join(' ')).toBe(0);
    found.push(...[...stdout.matchAll(/^ {2}\$ reel (.*)$/gm)].map((m) => m[1] ?? ''));
    for (const inner of command.commands)
      if (inner.name() !== 'help') await visit([...path, inner.name()], inner);
  };
  const program = await createProgram();
  for (const command of program.commands)
    if (askers.has(command.name())) await visit([command.name()], command);
  return [...new Set(found)];
}

async function reel(line: string): Promise<Ran> {
  const words = wordsOf(line).map((w) => ({ 'fleet.yaml': fleetFile, 'abuse.csv': abuseFile })[w] ?? w);
  const offline = words[0] === 'fleet-file';
  return await run(offline ? words : [...words, '--clickhouse-url', server.address], { now });
}

describe('examples of the help', () => {
  it('all do what they say', async () => {
    const lines = await examples();
    expect(lines.length).toBeGreaterThan(40);
    // The fleet file first: the others ask for what it says.
    for (const line of lines.toSorted(
      (a, b) => Number(b.startsWith('migrate')) - Number(a.startsWith('migrate')),
    )) {
      const { status, stdout, stderr } = await reel(line);
      expect(status, `${line}\n${stderr}`).toBe(0);
      // For programs, nothing is an empty list; people are told.
      if (!line.includes('--output')) expect(`${stdout}${stderr}`.length, line).toBeGreaterThan(10);
      if (line.includes('--output json'))
        expect(Array.isArray(JSON.parse(stdout)) || line.startsWith('audit'), line).toBe(true);
      if (line.includes('--output ndjson'))
        for (const l of stdout.trimEnd().split('\n')) if (l !== '') JSON.parse(l);
    }
  }, 280_000);
});

describe('what is asked wrongly', () => {
  it.each([
    ['fleet sessions --by colour', 'Allowed choices'],
    ['fleet sessions --at 2026-11-21T00:00:00Z', 'is in the future'],
    ['fleet series --step 0', '--step 0'],
    ['fleet churn --from -1h --to -2h', '--from must be before --to'],
    ['fleet top --limit many', '--limit many'],
    ['fleet billing --month November', 'is no month'],
    ['fleet stale --after soon', '--after soon'],
    ['fleet silent --from -5m', '10 minutes or more'],
    ['capacity what-if --without nobody', 'there is no router named "nobody"'],
    ['capacity what-if --growth lots', '--growth lots'],
    ['capacity forecast --from -1d', 'two days'],
    ['capacity forecast --router "x\' OR 1=1 --"', 'there is no router named'],
    ['what-happened --around tomorrow', 'is not a time'],
    ['what-happened --around 2026-11-21T00:00:00Z', 'is in the future'],
  ])('reel %s', async (line, words) => {
    const { status, stdout, stderr } = await reel(line);
    expect([status, stderr.includes(words) || stdout.includes(words)], `${stdout}${stderr}`).toEqual([
      2,
      true,
    ]);
  });

  it('and a fleet file that says what cannot be', async () => {
    const path = join(folder, 'bad.yaml');
    writeFileSync(
      path,
      'routers:\n  lns1: { role: bras, limits: { chassis: 0 } }\n  lns2: { timezone: Mars }\n',
    );
    const { status, stderr } = await run(['fleet-file', 'check', path], { now });
    expect(status).toBe(2);
    for (const words of ['lns1.role', 'lns1.limits.chassis', 'lns2.timezone'])
      expect(stderr).toContain(words);
  });
});

describe('reel who-had --file', () => {
  it('answers each line, also those that it cannot', async () => {
    const { status, stdout } = await reel('who-had --file abuse.csv --output ndjson');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(status).toBe(0);
    expect(rows.map((r) => [r['address'], r['certainty'], r['error']])).toEqual([
      ['192.0.2.1', null, 'no session is known to have had it'],
      ['2001:db8::1', null, 'no session is known to have had it'],
      ['nonsense', null, '"nonsense" is not an IPv4 or IPv6 address'],
    ]);
    expect((await reel('who-had')).status).toBe(2);
  });
});

describe('on a terminal', () => {
  it('series are drawn, and lists fit', async () => {
    const series = await run(
      ['fleet', 'series', '--from', '-1d', '--step', '1h', '--clickhouse-url', server.address],
      { now, terminal: true },
    );
    expect(series.stdout).toMatch(/lac, sessions, 2026-11-19 12:00 to 2026-11-20 1\d:00 UTC\n.*▲/);
    // eslint-disable-next-line no-control-regex -- the table's head is bold
    const plain = series.stdout.replaceAll(/\u001b\[\d+m/g, '');
    for (const line of plain.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    const piped = await reel('fleet series --from -1d --step 1h --output csv');
    expect(piped.stdout.split('\r\n')[0]).toBe('name,at,sessions,routers');
  });
});
