import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sessionreel/ops';
import { expect, onTestFinished, test } from 'vitest';
import { Supervisor, freePort } from './supervisor.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-supervisor-'));
const log = createLogger('test', { level: 'silent' });

function program(name: string, text: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, text);
  return path;
}

function supervise(hopeless: string[] = []): Supervisor {
  const onHopeless = (name: string, how: string): void => void hopeless.push(`${name} ${how}`);
  const supervisor = new Supervisor({ log, logFormat: 'json', onHopeless });
  onTestFinished(() => supervisor.stop(1_000));
  return supervisor;
}

const healthy = `
  import { createServer } from 'node:http';
  createServer((request, response) => response.end('{}')).listen(process.env.REEL_HEALTH_PORT, '127.0.0.1');`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a program that is killed is started again, and asked at its new port', async () => {
  const started = await supervise().start({ name: 'a', entry: program('a', healthy), environment: {} });
  await expect.poll(() => started.notReady(), { timeout: 10_000 }).toBeUndefined();
  const first = started.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await expect.poll(() => started.pid, { timeout: 10_000 }).not.toBe(first);
  await expect.poll(() => started.notReady(), { timeout: 10_000 }).toBeUndefined();
}, 30_000);

test('a program that refuses its settings is not tried again', async () => {
  const hopeless: string[] = [];
  await supervise(hopeless).start({ name: 'b', entry: program('b', 'process.exit(2)'), environment: {} });
  await expect.poll(() => hopeless, { timeout: 10_000 }).toEqual(['b ended with status 2']);
});

test('a program that does not stop in time is killed', async () => {
  const supervisor = supervise();
  const entry = program('c', `process.on('SIGTERM', () => undefined);${healthy}`);
  const started = await supervisor.start({ name: 'c', entry, environment: {} });
  await expect.poll(() => started.notReady(), { timeout: 10_000 }).toBeUndefined();
  const pid = started.pid ?? 0;
  await supervisor.stop(200);
  expect(isAlive(pid)).toBe(false);
});

test('what a program leaves unsaid: why it is not ready', async () => {
  const entry = program(
    'd',
    `import { createServer } from 'node:http';
     createServer((request, response) => response.writeHead(503).end('{"reasons":["no Kafka","no luck"]}'))
       .listen(process.env.REEL_HEALTH_PORT, '127.0.0.1');`,
  );
  const started = await supervise().start({ name: 'd', entry, environment: {} });
  await expect.poll(() => started.notReady(), { timeout: 10_000 }).toBe('no Kafka; no luck');
});

test('a free port is free', async () => {
  expect(await freePort()).toBeGreaterThan(1_024);
});
