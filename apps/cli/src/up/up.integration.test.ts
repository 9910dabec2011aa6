import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../reel.ts', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'reel-up-'));

interface Line {
  readonly process: string;
  readonly msg: string;
  readonly level?: string;
  readonly [field: string]: unknown;
}

/** `reel up` on free ports with a log of JSON lines. */
function up(...args: string[]): {
  child: ChildProcessByStdio<null, Readable, Readable>;
  lines: Line[];
  raw: string[];
} {
  const ports = ['--kafka-port', '0', '--clickhouse-port', '0', '--console-port', '0'];
  const child = spawn(
    process.execPath,
    [entry, 'up', '--data', data, '--log-format', 'json', ...ports, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, REEL_KAFKA_BROKERS: undefined, REEL_CLICKHOUSE_URL: undefined },
    },
  );
  const lines: Line[] = [];
  const raw: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
      else raw.push(line);
    });
  return { child, lines, raw };
}

/** Processes of ours on this test's folder, as the system lists them. */
async function leftBehind(): Promise<string[]> {
  const ps = spawn('ps', ['-eo', 'args']);
  const found: string[] = [];
  createInterface({ input: ps.stdout }).on('line', (line) => {
    if (line.includes(data)) found.push(line);
  });
  await once(ps, 'close');
  return found;
}

test('the demo that ends loses nothing; the one that stays comes up on its data, and leaves nothing behind', async () => {
  const first = up('--exit');
  const [status] = (await once(first.child, 'close')) as [number];
  expect(first.raw).toEqual([]);
  const summary = first.lines.find((line) => line.process === 'up' && line.msg === 'demo');
  expect(summary).toMatchObject({ lost: [], deadLetters: 0 });
  expect(summary?.['captures']).toBe(summary?.['applied']);
  expect(Number(summary?.['captures'])).toBeGreaterThan(9);
  expect(status).toBe(0);
  expect(await leftBehind()).toEqual([]);

  const second = up();
  const said = (text: string) => () => second.lines.some((line) => line.msg.includes(text));
  await expect.poll(said('everything is ready'), { timeout: 90_000 }).toBe(true);
  const third = up();
  const [refused] = (await once(third.child, 'close')) as [number];
  expect(refused).toBe(1);
  expect(third.raw.join('\n')).toContain('another reel up is running on');
  second.child.kill('SIGINT');
  const [stopped] = (await once(second.child, 'close')) as [number];
  expect(stopped).toBe(0);
  expect(await leftBehind()).toEqual([]);

  const fourth = up();
  await expect
    .poll(() => fourth.lines.some((line) => line.msg.includes('ClickHouse is ready')), { timeout: 90_000 })
    .toBe(true);
  fourth.child.kill('SIGKILL');
  await expect.poll(leftBehind, { timeout: 40_000, interval: 500 }).toEqual([]);
  rmSync(data, { recursive: true, force: true });
}, 300_000);
