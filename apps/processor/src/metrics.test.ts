import { readFileSync } from 'node:fs';
import { Metrics } from '@sessionreel/ops';
import { expect, test } from 'vitest';
import { processorMetrics } from './metrics.ts';

const manual = readFileSync(new URL('../../../docs/operations/processor.md', import.meta.url), 'utf8');

test('each metric stands in the manual, with what to do about it', () => {
  const metrics = new Metrics('processor');
  processorMetrics(metrics);
  const names = metrics.registry
    .getMetricsAsArray()
    .map((metric) => metric.name.replace('reel_processor_', ''));
  const told = manual.split('\n').filter((line) => line.startsWith('| `'));
  expect(names.length).toBeGreaterThan(15);
  // | metric | what it says | when it is bad |
  for (const line of told.slice(0, tableRows(manual))) expect(line.split('|')[3]?.trim(), line).not.toBe('');
  expect(names.filter((name) => !told.some((line) => new RegExp(`\`${name}[\`{]`).test(line)))).toEqual([]);
});

/** Rows of the first table of the manual: the metrics. */
function tableRows(text: string): number {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('| `'));
  return lines.slice(first).findIndex((line) => !line.startsWith('|'));
}
