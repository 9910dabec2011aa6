/** TextFSM and lxml, which networks are read with today. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonContender, type Captures, type Contender } from '../harness/index.ts';

const folder = fileURLToPath(new URL('../../node_modules/.cache/sessionreel/bench-parse', import.meta.url));

/** The captures as files, written anew each time. */
function filesOf(input: Captures, name: string): string[] {
  mkdirSync(folder, { recursive: true });
  return input.captures
    .flatMap(({ parts }) => [...parts])
    .map((bytes, i) => {
      const file = join(folder, `${name}-${i}`);
      writeFileSync(file, bytes);
      return file;
    });
}

const program = (name: string): string => fileURLToPath(new URL(`${name}_peer.py`, import.meta.url));

export const textFsm: Contender<Captures> = pythonContender({
  name: 'TextFSM',
  note: 'Python; one layout, strings of some fields',
  packages: ['textfsm==2.1.0'],
  program: program('textfsm'),
  rounds: 3,
  args: (input: Captures) => filesOf(input, 'text'),
});

export const lxml: Contender<Captures> = pythonContender({
  name: 'lxml',
  note: 'Python over libxml2; a tree, strings of some fields',
  packages: ['lxml==6.1.3'],
  program: program('lxml'),
  rounds: 3,
  args: (input: Captures) => filesOf(input, 'xml'),
});
