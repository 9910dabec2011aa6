import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { Journal } from './import-journal.ts';
import { sourcesOf } from './import-sources.ts';

const utc = Date.UTC;
const capture = (clock: string): string => `user@lns7> show services l2tp session extensive
Tunnel local ID: 7
  Session local ID: 1, Session remote ID: 9
    State: Established
    Create time: ${clock}, Up time: 01:00:00

user@lns7> `;

async function tar(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('folders and archives', () => {
  it.each([
    ['plain', (b: Buffer) => b],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('are looked through, old to new: %s', async (_, compress) => {
    const folder = mkdtempSync(join(tmpdir(), 'reel-sources-'));
    mkdirSync(join(folder, 'lns1'));
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'HEAD'), 'no capture');
    writeFileSync(join(folder, 'lns1', '2026-11-20T1200.txt'), 'third by its name');
    writeFileSync(join(folder, 'lns1', 'first.txt.gz'), gzipSync(capture('Fri Nov 20 08:00:00 2026')));
    const last = join(folder, 'lns2.txt');
    writeFileSync(last, 'by the time of the file');
    utimesSync(last, new Date(utc(2026, 10, 20, 13)), new Date(utc(2026, 10, 20, 13)));
    const inner = { 'old/lns3_20261120-1000.txt': 'second', '../../evil.txt': 'fourth', 'old/.hidden': 'x' };
    writeFileSync(join(folder, 'more.tar'), compress(await tar(inner)));
    const { sources, mixed, close } = await sourcesOf([folder], 'UTC');
    try {
      expect(mixed).toBe(true);
      const found = sources.map((s) => [s.name.slice(folder.length + 1), s.router, s.time]);
      expect(found).toEqual([
        ['more.tar:../../evil.txt', 'evil', 0],
        ['lns1/first.txt.gz', 'first', utc(2026, 10, 20, 9)],
        ['more.tar:old/lns3_20261120-1000.txt', 'lns3', utc(2026, 10, 20, 10)],
        ['lns1/2026-11-20T1200.txt', 'lns1', utc(2026, 10, 20, 12)],
        ['lns2.txt', 'lns2', utc(2026, 10, 20, 13)],
      ]);
      const second = sources[2]?.path ?? '';
      expect(zstdDecompressSync(readFileSync(second)).toString()).toBe('second');
      // No name leads out of the folder that keeps them.
      expect(sources.every((s) => s.path.startsWith(tmpdir()))).toBe(true);
    } finally {
      await close();
    }
  });

  it('that break off are said to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reel-sources-'));
    const path = join(folder, 'cut.tar.gz');
    writeFileSync(
      path,
      gzipSync(await tar({ 'a.txt': randomBytes(50_000).toString('hex') })).subarray(0, 20_000),
    );
    await expect(sourcesOf([path], 'UTC')).rejects.toThrow('the archive can not be read');
    await expect(sourcesOf([join(folder, 'nothing')], 'UTC')).rejects.toThrow('there is no such file');
  });

  it.runIf(existsSync('/proc/self/fd'))('are closed again, however many there are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reel-sources-'));
    const text = gzipSync(
      Buffer.concat([Buffer.from(capture('Fri Nov 20 08:00:00 2026')), randomBytes(300_000)]),
    );
    for (let i = 0; i < 40; i++) writeFileSync(join(folder, `lns${i}.txt.gz`), text);
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const { sources, close } = await sourcesOf([folder], 'UTC');
    await close();
    expect(sources).toHaveLength(40);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open() - before).toBeLessThan(10);
  });

  it('folders above the one that was named say nothing', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'reel-2019-01-01-')), 'lns9');
    mkdirSync(folder);
    writeFileSync(join(folder, 'captures.txt'), 'x');
    const { sources, close } = await sourcesOf([folder], 'UTC');
    await close();
    expect(sources.map((s) => [s.router, s.namedTime])).toEqual([['lns9', undefined]]);
  });

  it('a file named by itself is one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reel-sources-'));
    const path = join(folder, 'lns1.txt');
    writeFileSync(path, capture('Fri Nov 20 08:00:00 2026'));
    const { sources, mixed, close } = await sourcesOf([path], 'Europe/Berlin');
    await close();
    expect([mixed, sources.map((s) => s.time)]).toEqual([false, [utc(2026, 10, 20, 8)]]);
  });
});

describe('the journal', () => {
  it('knows what was sent, unless it was written to since', async () => {
    const data = mkdtempSync(join(tmpdir(), 'reel-journal-'));
    const source = {
      name: 'a',
      path: 'a',
      bytes: 5,
      changedAt: 7.5,
      router: '',
      time: 0,
      namedTime: undefined,
    };
    const journal = await Journal.open(['x'], data, false);
    expect(journal.has(source)).toBeUndefined();
    await journal.add(source, 'history');
    await journal.note('lns "1"', 60_003);
    const again = await Journal.open(['x'], data, false);
    expect([again.has(source), again.has({ ...source, bytes: 6 })]).toEqual(['history', undefined]);
    expect([again.partition('lns "1"'), again.partition('lns2')]).toEqual([60_003, undefined]);
    expect((await Journal.open(['y'], data, false)).has(source)).toBeUndefined();
    // A line that was cut is no word.
    writeFileSync(again.path, readFileSync(again.path, 'utf8').trimEnd());
    const cut = await Journal.open(['x'], data, false);
    expect([cut.has(source), cut.partition('lns "1"')]).toEqual(['history', undefined]);
    expect((await Journal.open(['x'], data, true)).has(source)).toBeUndefined();
  });
});
