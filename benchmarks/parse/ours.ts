/** Our parser as a contender: captures into rows of words, as the diff takes them. */
import { createHash, type Hash } from 'node:crypto';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { StringTable, recordOfRow, rowWords } from '@sessionreel/session-model';
import type { Captures, Contender } from '../harness/index.ts';
import { hashNames, lineOf, timed, warmUp } from './result.ts';

const chunkBytes = 1 << 20;

/** Parses all captures, each router's strings in one table. With a hash, its lines go into it; gives the number of sessions. */
function parse(input: Captures, strings: StringTable, hash: Hash | null): number {
  let sessions = 0;
  for (const { parts, command } of input.captures)
    for (const bytes of parts) {
      const sink = {
        begin: () => undefined,
        rows: (batch: { words: Uint32Array; count: number }) => {
          sessions += batch.count;
          if (hash === null) return;
          for (let i = 0; i < batch.count; i++) {
            const { values } = recordOfRow(batch.words, i * rowWords, strings);
            hash.update(lineOf(hashNames.map((name) => values[name])));
          }
        },
        end: (facts: { complete: boolean; incompleteReason: string }) => {
          if (!facts.complete) throw new Error(facts.incompleteReason);
        },
      };
      const parser = new SnapshotParser(strings, sink, { command });
      for (let at = 0; at < bytes.length; at += chunkBytes) parser.write(bytes.subarray(at, at + chunkBytes));
      parser.end();
    }
  return sessions;
}

export const ours: Contender<Captures> = {
  name: 'sessionreel',
  kind: 'ours',
  note: 'every field, into rows of words',
  setup(input) {
    const hashing = createHash('sha256');
    const sessions = parse(input, new StringTable(), hashing);
    const hash = hashing.digest('hex').slice(0, 16);
    const pass = (): void => {
      if (parse(input, new StringTable(), null) !== sessions) throw new Error('another number of sessions');
    };
    const passes = Math.ceil(50e6 / input.bytes);
    return {
      run() {
        warmUp(pass, 2);
        const times = timed(() => {
          for (let i = 0; i < passes; i++) pass();
        });
        return { work: (passes * input.bytes) / 1e6, ...times, hash };
      },
    };
  },
};
