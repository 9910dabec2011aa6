/**
 * The laws on as many seeds as there is time for:
 *
 *     npm run law -- --seeds 1..500 [--only harsh] [--minutes 20]
 *
 * Says which seeds break which law, and how. Status 1 when any does, 2 for wrong usage.
 */
import { parseArgs } from 'node:util';
import { laws } from './laws.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1..50' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});

const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds) ?? [];
const chosen = laws.filter(({ name }) => name.includes(values.only));
const minutes = Number(values.minutes);
if (from === undefined || chosen.length === 0 || Number.isNaN(minutes)) {
  console.error(`usage: npm run law -- --seeds 1..500 [--only WORD] [--minutes N]
laws: ${laws.map(({ name }) => name).join('; ')}`);
  process.exit(2);
}

const until = Date.now() + minutes * 60_000;
const first = Number(from);
const last = Number(to ?? from);
let broken = 0;
let seed = first;
for (; seed <= last && Date.now() < until; seed++) {
  for (const law of chosen) {
    const problems = problemsOf(law, seed);
    if (problems.length === 0) continue;
    broken++;
    console.log(`${law.name}, seed ${seed}: ${problems.length} problems`);
    for (const problem of problems.slice(0, 3)) console.log(`  ${problem.slice(0, 400)}`);
  }
  if ((seed - first) % 50 === 49) console.log(`${seed - first + 1} seeds, ${broken} broken`);
}
console.log(`seeds ${first} to ${seed - 1}, ${chosen.length} laws each: ${broken} broken`);
process.exitCode = broken === 0 ? 0 : 1;

function problemsOf(law: (typeof laws)[number], of: number): string[] {
  try {
    return law.broken(of);
  } catch (error) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}
