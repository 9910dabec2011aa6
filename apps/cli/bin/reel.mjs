#!/usr/bin/env node
// Plain JavaScript for any Node: runs the command with the Node that the project pins.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../src/reel.ts', import.meta.url));
let node;
try {
  node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
} catch {
  process.stderr.write('reel: the pinned Node is missing; run npm ci in the clone\n');
  process.exit(1);
}
// A long stream of short-lived objects: a small nursery, and a heap that is swept early, keep a capture of any size in little memory.
const flags = process.argv[2] === 'parse' ? ['--max-semi-space-size=1', '--heap-growing-percent=20'] : [];
// Types are stripped and code is compiled once, not at every start: half a second of CPU.
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/sessionreel/compiled', import.meta.url));
const child = spawn(node, [...flags, entry, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env },
});
// A signal to this process alone is for the child, which stops in its own way.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('error', (error) => {
  process.stderr.write(`reel: cannot run ${node}: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (status, signal) => {
  if (signal === null) process.exit(status);
  process.exit(signal === 'SIGINT' ? 130 : signal === 'SIGPIPE' ? 141 : 1);
});
