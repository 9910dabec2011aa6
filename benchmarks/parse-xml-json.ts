/** Speed of the XML and JSON readers on one core, beside peers that do less. */
import { createHash } from 'node:crypto';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { StringTable, layoutSlot, rowWords } from '@sessionreel/session-model';
import { SaxesParser } from 'saxes';
import { benchmark, benchmarkCase, formatInputs, type Captures, type Contender } from './harness/index.ts';

/** Parses all captures; with a hash, into it go the rows. Layouts are numbered by first use, so that they are left out. */
function parse(input: Captures, hash?: ReturnType<typeof createHash>): void {
  const strings = new StringTable();
  for (const { parts, command } of input.captures)
    for (const bytes of parts) {
      const parser = new SnapshotParser(
        strings,
        {
          begin: () => undefined,
          rows: (batch) => {
            if (hash === undefined) return;
            const words = batch.words.slice(0, batch.count * rowWords);
            for (let i = 0; i < batch.count; i++) words[i * rowWords + layoutSlot] = 0;
            hash.update(words);
          },
          end: (facts) => {
            if (!facts.complete) throw new Error(facts.incompleteReason);
          },
        },
        { command },
      );
      for (let at = 0; at < bytes.length; at += 1 << 20) parser.write(bytes.subarray(at, at + (1 << 20)));
      parser.end();
    }
}

const ours: Contender<Captures> = {
  name: 'sessionreel',
  kind: 'ours',
  setup(input) {
    const hashing = createHash('sha256');
    parse(input, hashing);
    const hash = hashing.digest('hex').slice(0, 16);
    return {
      run() {
        parse(input);
        return { work: input.bytes / 1e6, hash };
      },
    };
  },
};

const allParts = (input: Captures): Buffer[] => input.captures.flatMap(({ parts }) => [...parts]);

const saxes: Contender<Captures> = {
  name: 'saxes',
  kind: 'peer',
  note: 'tells of elements, builds nothing',
  setup: (input) => ({
    run() {
      for (const bytes of allParts(input)) {
        const parser = new SaxesParser();
        parser.on('text', () => undefined);
        parser.write(bytes.toString('utf8')).close();
      }
      return { work: input.bytes / 1e6 };
    },
  }),
};

const jsonParse: Contender<Captures> = {
  name: 'JSON.parse',
  kind: 'limit',
  note: 'builds objects, nothing else',
  setup: (input) => ({
    run() {
      for (const bytes of allParts(input)) JSON.parse(bytes.toString('utf8'));
      return { work: input.bytes / 1e6 };
    },
  }),
};

const metrics = { rate: { unit: 'MB/s' }, cpu_rate: { unit: 'MB/s of CPU time', goal: 300 } };

export default benchmark({
  about: 'XML and JSON to rows, one core',
  budgetS: 30,
  cases: [
    benchmarkCase({ name: 'XML', input: formatInputs.xml, contenders: [ours, saxes], metrics }),
    benchmarkCase({ name: 'JSON', input: formatInputs.json, contenders: [ours, jsonParse], metrics }),
  ],
});
