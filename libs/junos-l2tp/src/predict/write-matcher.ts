/**
 * Compiles wasm/matcher.as into matcher-binary.ts: to be run after a change of it. The compiler is fetched for that and is no part of the
 * project; a test tells when the two do not belong together.
 *
 *     node libs/junos-l2tp/src/predict/write-matcher.ts
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../wasm/matcher.as', import.meta.url));
const target = fileURLToPath(new URL('matcher-binary.ts', import.meta.url));
const compiler = ['--yes', '--package', 'assemblyscript@0.28.20', 'asc'];
const options =
  '-O3 --noAssert --runtime stub --enable simd,bulk-memory --memoryBase 1024 --initialMemory 64 --maximumMemory 64';

const folder = mkdtempSync(join(tmpdir(), 'matcher-'));
try {
  copyFileSync(source, join(folder, 'matcher.ts'));
  execFileSync('npx', [...compiler, 'matcher.ts', ...options.split(' '), '-o', 'matcher.wasm'], {
    cwd: folder,
    stdio: 'inherit',
  });
  const binary = readFileSync(join(folder, 'matcher.wasm')).toString('base64');
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex');
  const lines = [
    '/** Written by write-matcher.ts from wasm/matcher.as. Not to be edited. */',
    `export const matcherSource = '${hash}';`,
    'export const matcherBinary =',
    `  '${binary}';`,
  ];
  writeFileSync(target, `${lines.join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
