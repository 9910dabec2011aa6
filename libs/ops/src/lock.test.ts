import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-lock-'));

test('one holder for a folder and purpose', async () => {
  const lock = await lockFolder(folder, 'data');
  expect(lock).toBeDefined();
  expect(await lockFolder(folder, 'data')).toBeUndefined();
  const other = await lockFolder(folder, 'something else');
  expect(other).toBeDefined();
  await lock?.release();
  await other?.release();
  const again = await lockFolder(folder, 'data');
  expect(again).toBeDefined();
  await again?.release();
});

test('a holder that is killed lets go', async () => {
  const program = `
    import { lockFolder } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
    console.log((await lockFolder(${JSON.stringify(folder)}, 'killed')) === undefined ? 'refused' : 'held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('held\n');
  expect(await lockFolder(folder, 'killed')).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockFolder(folder, 'killed');
  expect(lock).toBeDefined();
  await lock?.release();
});
