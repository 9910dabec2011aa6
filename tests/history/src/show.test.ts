/** What `reel show` rests on: captures through parser, diff, Avro and ClickHouse, printed again byte for byte. */
import { readFileSync, readdirSync } from 'node:fs';
import { Prng, headersOf, simulate, type Capture } from '@sessionreel/fleet-sim';
import { renderSnapshot } from '@sessionreel/junos-l2tp';
import { piecesOf, stateAt, stateColumns } from '@sessionreel/queries';
import type { Variant } from '@sessionreel/session-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { Pipe } from './pipe.ts';
import { testServer, type TestServer } from './server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server.stop(), 60_000);

/** By objects and by columns, which must be the same. */
async function shown(router: string, at: number): Promise<{ text: string; consistent: boolean }> {
  const state = await stateAt(server.store, { router, at });
  const { format, level, printedBy, document } = state;
  const sessions = state.sessions.map(({ printed, layout }) => ({ record: printed, layout }));
  const variant = printedBy.variant === '' ? null : (printedBy.variant as Variant);
  const text = Buffer.concat([...renderSnapshot(sessions, document, { format, level, variant })]).toString();
  const columns = await stateColumns(server.store, { router, at, onlyPrinted: true });
  expect(Buffer.concat([...piecesOf(columns)]).toString(), `${router} by columns`).toBe(text);
  return { text, consistent: state.consistent && columns.consistent };
}

const samples = new URL('../../pipeline/fixtures/reference/', import.meta.url);

test.each(readdirSync(samples))('%s comes back byte for byte', async (name) => {
  const text = readFileSync(new URL(name, samples), 'utf8');
  const at = Date.UTC(2026, 10, 20, 10);
  const pipe = new Pipe(name);
  pipe.process(Buffer.from(text), at, { complete: true });
  const log = new TestLog(server.store, 100 + Number(name.slice(0, 2)));
  await log.append(pipe.deltas);
  const state = await shown(name, at);
  expect(state.consistent).toBe(true);
  expect(state.text).toBe(text.slice(text.indexOf('\n') + 1));
});

const formats = ['text', 'xml', 'json'] as const;

describe.each(formats)('a fleet that prints %s', (format) => {
  const pipes = new Map<string, Pipe>();
  beforeAll(async () => {
    const seed = formats.indexOf(format) + 21;
    const prng = new Prng(`show ${String(seed)}`);
    const sim = simulate({
      seed,
      routers: { count: 3, sessions: 25, formats: [format] },
      start: Date.UTC(2026, 9, 24, 21) + prng.int(0, 3_600_000),
      durationMs: 1_200_000,
      pollEveryMs: 60_000,
      polls: [
        { level: 'extensive', everyMs: 60_000 },
        { level: 'brief', everyMs: 240_000 },
      ],
      life: { lifetimeMs: 600_000, hostileNames: 0.2, wrapShare: 0.2 },
      printRate: 20,
      partSessions: 0,
      textEnds: 'mixed',
    });
    for (const item of sim) {
      if (item.kind !== 'capture') continue;
      const capture: Capture = item;
      const pipe = pipes.get(capture.router) ?? new Pipe(`${format} ${capture.router}`);
      pipes.set(capture.router, pipe);
      const complete = headersOf(capture)['complete'];
      pipe.process(capture.bytes, capture.capturedAt, {
        command: capture.command,
        ...(complete === undefined ? {} : { complete: complete === 'true' }),
      });
    }
    for (const [i, pipe] of [...pipes.values()].entries()) {
      const log = new TestLog(server.store, 10 * seed + i);
      await log.append(pipe.deltas);
    }
  }, 60_000);

  test('is shown as it printed, at the time of every whole snapshot', async () => {
    let compared = 0;
    for (const { taken } of pipes.values())
      for (const [i, { router, at, facts, printed }] of taken.entries()) {
        // A share of them, other ones for each router; the last of several at one time is what was shown then.
        if (i % 3 !== router.length % 3 || taken[i + 1]?.at === at) continue;
        const state = await shown(router, at);
        const title = `${router} ${facts.level} at ${new Date(at).toISOString()}`;
        expect(state.consistent, title).toBe(true);
        expect(state.text, title).toBe(printed);
        compared++;
      }
    expect(compared).toBeGreaterThan(10);
  }, 240_000);
});
