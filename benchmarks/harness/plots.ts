/** Plots of results as SVG, by Vega-Lite. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Error as ErrorsOnly, View, logger, parse } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { root } from './machine.ts';
import type { Result } from './results.ts';

const folder = `${root}benchmarks/plots`;

const kinds = { domain: ['ours', 'peer', 'limit'], range: ['#1b6ca8', '#b0b7bf', '#e0a458'] };
const config = {
  font: 'system-ui, sans-serif',
  background: 'white',
  view: { stroke: null },
  axis: { labelLimit: 320, titleFontWeight: 'normal', grid: false },
  header: { labelLimit: 520, labelFontWeight: 'bold', labelAnchor: 'start', title: null },
} as const;

async function write(name: string, spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec, { logger: logger(ErrorsOnly) }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.svg`, `${svg}\n`);
  return `plots/${name}.svg`;
}

/** One metric of all cases and contenders as bars from zero, with the spread from p10 to p90 and the goal. */
export function plotBars(name: string, title: string, results: readonly Result[]): Promise<string> {
  const values = results.map((r) => ({
    ...r,
    label: r.contender,
    goalHere: r.kind === 'ours' ? r.goal : undefined,
  }));
  const y = { field: 'label', type: 'nominal', title: null, sort: null } as const;
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, anchor: 'start', fontWeight: 'normal' },
    data: { values },
    facet: {
      row: { field: 'case', type: 'nominal', sort: null, header: { labelOrient: 'top', labelAngle: 0 } },
    },
    spec: {
      width: 460,
      height: { step: 20 },
      layer: [
        {
          mark: { type: 'bar', height: 12 },
          encoding: {
            y,
            x: { field: 'median', type: 'quantitative', title: results[0]?.unit ?? '' },
            color: { field: 'kind', type: 'nominal', scale: kinds, title: null },
          },
        },
        {
          mark: { type: 'rule' },
          encoding: { y, x: { field: 'p10', type: 'quantitative' }, x2: { field: 'p90' } },
        },
        {
          transform: [{ filter: 'isValid(datum.goalHere)' }],
          mark: { type: 'tick', color: '#c0392b', thickness: 2, size: 18 },
          encoding: { y, x: { field: 'goalHere', type: 'quantitative' } },
        },
      ],
    },
    resolve: { scale: { y: 'independent' } },
    config,
  } as unknown as TopLevelSpec;
  return write(name, spec);
}

/** Metrics of one contender that add up, as one bar a case. */
export function plotStack(
  name: string,
  title: string,
  unit: string,
  results: readonly Result[],
): Promise<string> {
  const values = results.map((r) => ({ case: r.case, part: r.unit.replace(/^.*, /, ''), value: r.median }));
  return write(name, {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, anchor: 'start', fontWeight: 'normal' },
    width: 460,
    height: { step: 26 },
    data: { values },
    mark: 'bar',
    encoding: {
      y: { field: 'case', type: 'nominal', title: null, sort: null },
      x: { field: 'value', type: 'quantitative', title: unit },
      color: { field: 'part', type: 'nominal', title: null, scale: { scheme: 'tableau10' } },
    },
    config,
  } as unknown as TopLevelSpec);
}
