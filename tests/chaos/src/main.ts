/** `npm run chaos`: kills things until enough were killed, and says whether anything was lost or doubled. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faults } from './faults.ts';
import { chaos, type ChaosReport } from './run.ts';

const usage = `npm run chaos -- [--seed S] [--kills N] [--rounds N] [--routers N] [--sessions N] [--hours N] [--only 'FAULT,FAULT'] [--report FILE]

Runs the whole product on a Kafka and a ClickHouse of its own under load, ends processes and threads by force (and worse) at
moments that the seed says, and compares every table with that of an undisturbed run over the same input. Each round has a seed
of its own: S, S+1, … when S is a number. Status 1 when anything differs. --report appends a line of JSON a round.

Faults: ${faults.map((f) => f.name).join(', ')}
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    kills: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    routers: { type: 'string', default: '12' },
    sessions: { type: 'string', default: '20' },
    hours: { type: 'string', default: '20' },
    only: { type: 'string' },
    report: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  if (values.help) {
    say(usage);
    return 0;
  }
  let failed = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const seed = /^\d+$/.test(values.seed) ? String(Number(values.seed) + round) : `${values.seed}/${round}`;
    const report = await chaos({
      seed,
      kills: Number(values.kills),
      routers: Number(values.routers),
      sessions: Number(values.sessions),
      hours: Number(values.hours),
      ...(values.only === undefined ? {} : { only: values.only.split(',') }),
      tell: say,
    });
    if (values.report !== undefined)
      appendFileSync(values.report, `${JSON.stringify({ ...report, at: new Date().toISOString() })}\n`);
    tellReport(report);
    if (report.problems.length > 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

function tellReport(report: ChaosReport): void {
  const { kills, messages, peakBytes, problems, seed, seconds, dir } = report;
  for (const problem of problems) say(`  ${problem}`);
  const memory = `processor ${Math.round(peakBytes.processor / 2 ** 20)} MiB, loader ${Math.round(peakBytes.loader / 2 ** 20)} MiB at most`;
  if (problems.length === 0)
    say(
      `seed ${seed}: ${kills} kills, ${messages} captures, every table equal, the audit clean; ${memory}; ${seconds} s`,
    );
  else say(`seed ${seed}: FAILED after ${kills} kills; logs in ${dir}; again with --seed ${seed}`);
}

process.exitCode = await main();
