/** Inputs: made once by a seed, kept under node_modules/.cache by a hash of how they are made. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface InputFacts {
  readonly hash: string;
  readonly bytes: number;
}

/** What a contender works on. `prepare` runs in the parent, `load` in each contender's process. */
export interface Input<T> {
  readonly name: string;
  prepare(): InputFacts | Promise<InputFacts>;
  load(): T | Promise<T>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'node_modules/.cache/sessionreel/bench');
const keepMs = 14 * 24 * 3_600_000;

/** A blob of bytes and a description of them. */
export interface Stored<D> {
  readonly description: D;
  readonly bytes: Buffer;
}

/**
 * An input of bytes. `make` writes them piece by piece and returns what describes them (plain data); it runs again when
 * `parameters` or the simulator's sources have changed.
 */
export function storedInput<D, T>(given: {
  readonly name: string;
  readonly parameters: unknown;
  /** Files beside the simulator's that it is made with, as globs from the root. */
  readonly sources?: readonly string[];
  readonly make: (write: (bytes: Uint8Array) => void) => D | Promise<D>;
  readonly load: (stored: Stored<D>) => T;
}): Input<T> {
  // The processes that load it inherit the key: sources may change while a benchmark runs.
  const inherited = `REEL_BENCH_INPUT_${given.name}`;
  const key = (): string =>
    process.env[inherited] ??
    createHash('sha256')
      .update(JSON.stringify([given.name, given.parameters, given.make.toString()]))
      .update(simulatorHash())
      .update(hashOf(given.sources ?? []))
      .digest('hex')
      .slice(0, 24);
  const path = (suffix: string): string => join(folder, `${key()}.${suffix}`);
  return {
    name: given.name,
    async prepare() {
      mkdirSync(folder, { recursive: true });
      process.env[inherited] = key();
      if (!existsSync(path('json'))) await store(given.make, path('bin'), path('json'));
      const now = new Date();
      for (const suffix of ['bin', 'json']) utimesSync(path(suffix), now, now);
      removeOld();
      return (JSON.parse(readFileSync(path('json'), 'utf8')) as { facts: InputFacts }).facts;
    },
    load() {
      const { description } = JSON.parse(readFileSync(path('json'), 'utf8')) as { description: D };
      return given.load({ description, bytes: readFileSync(path('bin')) });
    },
  };
}

async function store(
  make: (write: (bytes: Uint8Array) => void) => unknown,
  blob: string,
  description: string,
): Promise<void> {
  const temporary = `${blob}.${process.pid}`;
  const file = openSync(temporary, 'w');
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const made = await make((chunk) => {
      for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
      hash.update(chunk);
      bytes += chunk.length;
    });
    renameSync(temporary, blob);
    const facts: InputFacts = { hash: hash.digest('hex').slice(0, 16), bytes };
    writeFileSync(description, JSON.stringify({ facts, description: made }));
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}

let simulator: string | undefined;

/** Of what makes inputs: the simulator and the field catalogue. */
export function simulatorHash(): string {
  return (simulator ??= hashOf(['libs/fleet-sim/src/*.ts', 'libs/session-model/src/*.ts']));
}

function hashOf(patterns: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of globSync(patterns, { cwd: root }).sort())
    if (!path.endsWith('.test.ts')) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function removeOld(): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > keepMs)
      rmSync(path, { force: true });
  }
}

/**
 * An input that is so small that it is given as it is, or from which a contender makes what it works on. `made` is the hash of what
 * it is made with.
 */
export function plainInput<T>(name: string, value: T, made = ''): Input<T> {
  const text = JSON.stringify(value);
  const hash = createHash('sha256').update(text).update(made).digest('hex').slice(0, 16);
  return { name, prepare: () => ({ hash, bytes: text.length }), load: () => value };
}
