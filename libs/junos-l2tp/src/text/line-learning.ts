/** From what was read of a line to the template that prints it. */
import type { SessionRecord } from '@sessionreel/session-model';
import { isCounterHead } from './counter-rows.ts';
import { guesses, piecesOfLine, slotOf, type Place } from './line-shape.ts';
import type { LineTemplate, LineTemplates } from './line-templates.ts';
import { piecesOfRow } from './row-shape.ts';
import type { Cell } from './table.ts';

/** What was read of a line. */

export interface LinePlan {
  /** The line's template, where it was known at once. */
  readonly known?: LineTemplate;
  readonly certain: readonly number[];
  readonly places: readonly Place[];
  readonly unknownBase: number;
  readonly unknowns: number;
  readonly cells?: readonly Cell[];
}

/** The template of a line, which is learned when it is not known. */
export function templateOf(
  templates: LineTemplates,
  plan: LinePlan,
  line: { readonly content: string; readonly end: string },
  record: SessionRecord,
): LineTemplate {
  const whole = line.content + line.end;
  const places = plan.places.map((p) => (p.field < 0 ? { ...p, unknown: p.unknown - plan.unknownBase } : p));
  const relative = { ...record, unknown: record.unknown.slice(plan.unknownBase) };
  const builds = guesses.map((guess) => () => piecesOfLine(whole, places, relative, guess));
  const { cells } = plan;
  if (cells !== undefined)
    builds.unshift(() =>
      piecesOfRow(line.content, line.end, cells, (i) =>
        slotOf(whole, places[i] as Place, '', '', relative, 'exact'),
      ),
    );
  return templates.find(
    keyOf(whole, places, cells),
    whole,
    record,
    plan.unknownBase,
    plan.unknowns,
    { builds, isAlone: cells === undefined },
    { certain: plan.certain, isCounterHead: isCounterHead(line.content) },
  );
}

/** Labels, separators and fields of a line, without values and the spaces around them. */
function keyOf(line: string, places: readonly Place[], cells: readonly Cell[] | undefined): string {
  if (cells !== undefined) return `row ${cells.map((c) => `${c.column.label}@${c.column.start}`).join(' ')}`;
  let key = '';
  let at = 0;
  for (const place of places) {
    key += `${line.slice(at, place.start).replace(/ +$/, '')}\u{0}${place.field} `;
    at = place.end;
  }
  return key + line.slice(at);
}
