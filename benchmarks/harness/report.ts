/** Writes tables and plots of all results into README.md, between the marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { root } from './machine.ts';
import { plotBars, plotStack } from './plots.ts';
import { measuredNames, reached, readResults, type Result } from './results.ts';
import { shown } from './statistics.ts';

const path = `${root}benchmarks/README.md`;
const begin = '<!-- results: written by npm run bench -- --report -->';
const end = '<!-- end of results -->';

export async function writeReport(about: (name: string) => Promise<string>): Promise<void> {
  const names = measuredNames();
  const all = names
    .map((name) => ({ name, results: readResults(name) }))
    .filter(({ results }) => results.length > 0);
  const parts = [verdict(all.flatMap(({ results }) => results))];
  for (const { name, results } of all) parts.push(await section(name, await about(name), results));
  const readme = readFileSync(path, 'utf8');
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no marks for the results`);
  const text = `${readme.slice(0, from)}${begin}\n\n${parts.join('\n\n')}\n\n${readme.slice(to)}`;
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}

const label = (r: Result): string =>
  `${r.benchmark}, ${r.case}${r.metric.includes('rate') ? '' : `, ${r.metric}`}`;

/** Goals that were reached and missed, and who beat us. */
function verdict(results: readonly Result[]): string {
  const goals = results.filter((r) => r.kind === 'ours' && r.goal !== undefined);
  const lines = goals.map((r) => {
    const share = r.better === 'higher' ? r.median / (r.goal ?? 1) : (r.goal ?? 1) / r.median;
    const how = reached(r) ? 'reached' : `**missed**: ${shown(share * 100)} % of it`;
    return `| ${label(r)} | ${shown(r.median)} ${r.unit} | ${shown(r.goal ?? 0)} | ${how} |`;
  });
  const lost = results
    .filter((r) => r.kind === 'peer' && (r.metric === 'cpu_rate' || r.metric === 'rate'))
    .flatMap((peer) => {
      const same = (r: Result): boolean =>
        r.benchmark === peer.benchmark && r.case === peer.case && r.metric === peer.metric;
      const ours = results.find((r) => r.kind === 'ours' && same(r));
      if (ours === undefined || ours.median >= peer.median) return [];
      const by = shown(peer.median / ours.median);
      return [
        `- ${label(peer)}: ${peer.contender} is ${by} times as fast (${peer.unit}; ${peer.note ?? ''})`,
      ];
    });
  const loads = results.map(({ machine }) => machine.load);
  const cores = results[0]?.machine.cores ?? 0;
  const busy = `Taken at a load of ${Math.min(...loads)} to ${Math.max(...loads)} on ${cores} cores: where that is more than the cores, rates by the clock say how busy the machine was, and only CPU time and the peers beside them say something of us.`;
  return [
    '## Goals',
    busy,
    '| what | measured | goal | |\n|---|---|---|---|\n' + lines.join('\n'),
    '### Lost to a peer',
    lost.length === 0 ? 'None of those measured.' : lost.join('\n'),
  ].join('\n\n');
}

async function section(name: string, about: string, results: readonly Result[]): Promise<string> {
  const [first] = results;
  const rows = results.map((r) => {
    const who = `${r.contender}${r.kind === 'ours' ? '' : ` (${r.kind})`}`;
    const twin = results.some((o) => o.unit === r.unit && o.metric !== r.metric);
    const unit = twin ? `${r.unit}, ${r.metric}` : r.unit;
    return `| ${r.case} | ${who} | ${shown(r.median)} | ${shown(r.p10)}–${shown(r.p90)} | ${unit} |`;
  });
  const notes = [
    ...new Set(results.flatMap((r) => (r.note === undefined ? [] : [`- ${r.contender}: ${r.note}`]))),
  ];
  const ours = results.filter((r) => r.kind === 'ours');
  const machine = first?.machine;
  const where =
    machine === undefined
      ? ''
      : `${machine.cpu}, ${machine.cores} cores, load ${machine.load} at the beginning; commit ${first?.commit ?? ''}, ${first?.at.slice(0, 10) ?? ''}.`;
  return [
    `## ${name}`,
    `${about}. ${where}`,
    ...(await plots(name, results, ours)),
    '| case | contender | median | p10–p90 | unit |\n|---|---|---:|---:|---|\n' + rows.join('\n'),
    notes.join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

async function plots(name: string, results: readonly Result[], ours: readonly Result[]): Promise<string[]> {
  const made: string[] = [];
  const parts = ours.filter((r) => r.metric.startsWith('us_') && r.metric !== 'us_session');
  for (const metric of ['cpu_rate', 'us_session'])
    if (results.some((r) => r.metric === metric)) {
      if (metric === 'cpu_rate' && results.some((r) => r.metric === 'us_session')) continue;
      const chosen = results.filter((r) => r.metric === metric);
      made.push(
        `![${name}](${await plotBars(`${name}-${metric}`.replace('_', '-'), chosen[0]?.unit ?? '', chosen)})`,
      );
    }
  if (parts.length > 0 && name === 'pipeline')
    made.push(
      `![${name}, by part](${await plotStack(`${name}-parts`, 'where the CPU time of a session goes', 'µs of CPU a session', parts)})`,
    );
  return made;
}
