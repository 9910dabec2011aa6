/** Small drawings of series for a terminal. Gaps stay gaps: each unbroken stretch is a line of its own. */
import draw from 'simple-ascii-chart';
import { scaled } from './units.ts';

export interface PlotLine {
  readonly name: string;
  /** By time (ms UTC). */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const most = 4;

/**
 * @param stepMs distance of points that belong together
 * @returns text that ends with a line end; '' of nothing
 */
export function plot(lines: readonly PlotLine[], stepMs: number, width: number, unit: string): string {
  const drawn = lines.filter((l) => l.points.length > 1);
  const largest = drawn
    .toSorted((a, b) => peakOf(b) - peakOf(a))
    .slice(0, most)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const left = lines.length - largest.length;
  const pictures = largest.map((line) => picture(line, stepMs, width, unit));
  if (left > 0 && pictures.length > 0) pictures.push(`and ${left} more in the list\n`);
  return pictures.join('');
}

const peakOf = (line: PlotLine): number => line.points.reduce((n, p) => Math.max(n, p.value), 0);

function picture({ name, points }: PlotLine, stepMs: number, width: number, unit: string): string {
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 0;
  const thinned = thin(points, stepMs, first, last, width - 14);
  const top = points.reduce((n, p) => Math.max(n, p.value), 0);
  const chart = draw(thinned, {
    width: width - 14,
    height: 8,
    yRange: [0, top === 0 ? 1 : top],
    hideXAxisTicks: true,
    formatter: (value, { axis }) => (axis === 'y' ? scaled(Math.round(value), '').trim() : ''),
  });
  const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const body = chart
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
  return `${name === '' ? '' : `${name}, `}${unit}, ${time(first)} to ${time(last)} UTC\n${body}\n`;
}

/** One point a column, the largest of it, so that no peak is lost; cut where points are missing. */
function thin(
  points: PlotLine['points'],
  stepMs: number,
  first: number,
  last: number,
  columns: number,
): [number, number][][] {
  const span = Math.max(1, last - first);
  const pieces: [number, number][][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, value } of points) {
    if (at - before > stepMs * 1.5) pieces.push([]);
    before = at;
    const x = Math.floor(((at - first) / span) * (columns - 1));
    const piece = pieces.at(-1) ?? [];
    const newest = piece.at(-1);
    if (newest?.[0] === x) newest[1] = Math.max(newest[1], value);
    else piece.push([x, value]);
  }
  return pieces;
}
