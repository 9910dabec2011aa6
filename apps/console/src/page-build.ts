/** The page, built once from its sources and kept: the next start finds it. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const web = fileURLToPath(new URL('../web', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'sessionreel-console');

/** Pages of older sources that are kept, for going back and forth between branches. */
const kept = 4;

/** Folder of the built page. Builds it when its sources or the dependencies have changed. */
export async function builtPage(told: (text: string) => void): Promise<string> {
  const folder = join(cache, sourceHash());
  if (existsSync(join(folder, 'index.html'))) return folder;
  told('building the page; the next start finds it built');
  const beside = `${folder}.${randomUUID()}`;
  await build(beside);
  for (const path of filesOf(beside)) compressFile(path);
  try {
    renameSync(beside, folder);
  } catch (error) {
    // Another process was faster.
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(join(folder, 'index.html'))) throw error;
  }
  forgetOld();
  return folder;
}

/** As it is for people, whatever this process was started for: libraries look at NODE_ENV, and bring what helps their developers. */
async function build(folder: string): Promise<void> {
  const was = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    const vite = await import('vite');
    await vite.build({
      root: web,
      configFile: join(web, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
    });
  } finally {
    if (was === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = was;
  }
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const path of [...filesOf(web), fileURLToPath(import.meta.url), join(root, 'package-lock.json')]) {
    if (/\.test\.tsx?$/.test(path)) continue;
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 24);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesOf(path) : [path];
    });
}

function compressFile(path: string): void {
  if (!/\.(?:js|css|html|svg|json)$/.test(path)) return;
  const bytes = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

function forgetOld(): void {
  const pages = readdirSync(cache)
    .map((name) => join(cache, name))
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  // What is younger than an hour may be another process's work.
  for (const { path, at } of pages.slice(kept))
    if (Date.now() - at > 3_600_000) rmSync(path, { recursive: true, force: true });
}
