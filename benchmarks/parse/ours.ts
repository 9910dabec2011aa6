/** Our parser as a contender: captures into rows of words, as the diff takes them. */
import { createHash, type Hash } from 'node:crypto';
import { LearnedLayouts, SnapshotParser } from '@sessionreel/junos-l2tp';
import { StringTable, recordOfRow, rowWords } from '@sessionreel/session-model';
import type { Captures, Contender } from '../harness/index.ts';
import { hashNames, lineOf, timed, warmUp } from './result.ts';

const chunkBytes = 1 << 20;

/** Parses all captures, each router's strings in one table. With a hash, its lines go into it; gives the number of sessions. */
function parse(
  input: Captures,
  strings: StringTable,
  hash: Hash | null,
  learned: LearnedLayouts | undefined,
): number {
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
      const parser = new SnapshotParser(
        strings,
        sink,
        { command },
        {},
        learned === undefined ? {} : { learned },
      );
      for (let at = 0; at < bytes.length; at += chunkBytes) parser.write(bytes.subarray(at, at + chunkBytes));
      parser.end();
    }
  return sessions;
}

function contender(name: string, note: string, isTaught: boolean): Contender<Captures> {
  return { name, note, kind: 'ours', setup: (input) => prepared(input, isTaught) };
}

function prepared(input: Captures, isTaught: boolean): ReturnType<Contender<Captures>['setup']> {
  const hashing = createHash('sha256');
  const learned = isTaught ? new LearnedLayouts() : undefined;
  const sessions = parse(input, new StringTable(), hashing, learned);
  const hash = hashing.digest('hex').slice(0, 16);
  const pass = (): void => {
    if (parse(input, new StringTable(), null, learned) !== sessions)
      throw new Error('another number of sessions');
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
}

/** As the processor parses: what captures teach serves those after. */
export const ours = contender('sessionreel', 'every field, into rows of words', true);

export const untaught = contender('sessionreel, untaught', 'each capture learns its lines anew', false);
