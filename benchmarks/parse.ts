/** Captures to rows on one core: text, XML and JSON. The hash of the result is the same for all who can give it. */
import { benchmark, benchmarkCase, formatInputs } from './harness/index.ts';
import { entities, hostileNames, linesComeAndGo, smallCaptures } from './parse/inputs.ts';
import { memory } from './parse/memory.ts';
import { ours, untaught } from './parse/ours.ts';
import { copy, jsonParse, newlines, saxes, split } from './parse/peers.ts';
import { lxml, textFsm } from './parse/python-peers.ts';

const cpu = (goal?: number) => ({
  rate: { unit: 'MB/s' },
  cpu_rate: { unit: 'MB/s of CPU time', ...(goal === undefined ? {} : { goal }) },
});

export default benchmark({
  about: 'text, XML and JSON to rows, one core',
  budgetS: 150,
  cases: [
    benchmarkCase({
      name: 'text, LNS on MX',
      input: formatInputs.lnsMx,
      contenders: [ours, textFsm, split, newlines, copy],
      metrics: cpu(1500),
      sameResult: true,
    }),
    benchmarkCase({
      name: 'text, LNS on M',
      input: formatInputs.lnsM,
      contenders: [ours],
      metrics: cpu(1500),
    }),
    benchmarkCase({ name: 'text, LAC', input: formatInputs.lac, contenders: [ours], metrics: cpu(1500) }),
    benchmarkCase({ name: 'text, brief', input: formatInputs.brief, contenders: [ours], metrics: cpu() }),
    benchmarkCase({
      name: 'text, lines come and go',
      input: linesComeAndGo,
      contenders: [ours],
      metrics: cpu(600),
    }),
    benchmarkCase({
      name: 'text, user names of labels',
      input: hostileNames,
      contenders: [ours],
      metrics: cpu(600),
    }),
    benchmarkCase({
      name: 'text, 60 sessions each',
      input: smallCaptures,
      contenders: [ours, untaught],
      metrics: cpu(),
    }),
    benchmarkCase({
      name: 'XML',
      input: formatInputs.xml,
      contenders: [ours, lxml, saxes],
      metrics: cpu(300),
      sameResult: true,
    }),
    benchmarkCase({ name: 'XML, entities', input: entities, contenders: [ours], metrics: cpu(300) }),
    benchmarkCase({
      name: 'JSON',
      input: formatInputs.json,
      contenders: [ours, jsonParse],
      metrics: cpu(300),
      sameResult: true,
    }),
    benchmarkCase({
      name: 'memory',
      input: formatInputs.lnsM,
      contenders: [memory(150)],
      metrics: { peak_mb: { unit: 'MB', better: 'lower', goal: 200 } },
    }),
  ],
});
