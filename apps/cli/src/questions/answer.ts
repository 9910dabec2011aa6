/** Answers of several lists, with what they rest on: sections for people, objects with a `type` for programs. */
import { unmasked, type Mask } from '@sessionreel/ops';
import { masked, type Coverage } from '@sessionreel/queries';
import type { Command } from 'commander';
import { asking } from './ask.ts';
import { withClickHouse, type ConnectionFlags } from '../connections.ts';
import {
  jsonOf,
  printList,
  withOutput,
  type Cell,
  type Column,
  type OutputForm,
} from '../terminal/output.ts';
import { escapeValue, isTerminal, writeAll, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import type { Store } from '@sessionreel/clickhouse';

/** One list of an answer. */
export interface Section {
  /** Member `type` of its objects, where the answer has several sections. */
  readonly type: string;
  readonly title: string;
  print(io: Io, form: OutputForm, mask: Mask): Promise<void>;
  objects(mask: Mask): readonly object[];
  readonly count: number;
}

export interface Answer {
  readonly sections: readonly Section[];
  /** A drawing for terminals, above the lists. */
  readonly plot?: string;
  /** What a person should know about it, for stderr. */
  readonly notes: readonly string[];
}

export function section<Row>(
  type: string,
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Section {
  return {
    type,
    title,
    print: (io, form, mask) => printList(io, form, columns, masked(rows, mask)),
    objects: (mask) =>
      masked(rows, mask).map((row) => Object.fromEntries(columns.map((x) => [x.name, x.value(row)]))),
    count: rows.length,
  };
}

/** A column whose numbers or texts people read as they are, unless `shown` says otherwise. */
export function column<Row>(
  name: string,
  title: string,
  value: (row: Row) => Cell,
  shown?: (row: Row) => string,
): Column<Row> {
  return { name, title, value, ...(shown === undefined ? {} : { shown }) };
}

/** What tells a session on its router; ids are names, and not grouped as numbers are. */
export function idColumns<
  Row extends { readonly tunnel: number; readonly session: number },
>(): Column<Row>[] {
  return [
    column(
      'tunnel_local_id',
      'tunnel',
      (x) => x.tunnel,
      (x) => String(x.tunnel),
    ),
    column(
      'session_local_id',
      'session',
      (x) => x.session,
      (x) => String(x.session),
    ),
  ];
}

/** For programs; people read it in the column before it. */
export const quietColumn = <Row>(name: string, value: (row: Row) => Cell): Column<Row> =>
  column(name, '', value, () => '');

/** What the mask hides is hidden here, whatever the command put into its sections. */
export async function printAnswer(
  answer: Answer,
  form: OutputForm,
  io: Io,
  mask: Mask = unmasked,
): Promise<void> {
  const { sections, plot, notes } = answer;
  const several = sections.length > 1;
  if (form === 'table') {
    if (plot !== undefined && plot !== '') await writeAll(io.stdout, plot);
    for (const s of sections) {
      if (several && s.count > 0) await writeAll(io.stdout, `${s.title}\n`);
      await s.print(io, form, mask);
      if (several && s.count > 0) await writeAll(io.stdout, '\n');
    }
  } else if (form === 'csv' || !several) {
    await sections[0]?.print(io, form, mask);
    const others = sections.slice(1).filter((s) => s.count > 0);
    if (others.length > 0)
      await note(
        io,
        `CSV has one list; with --output json there are also: ${others.map((s) => s.title).join(', ')}`,
      );
  } else {
    const objects = sections.flatMap((s) => s.objects(mask).map((o) => jsonOf({ type: s.type, ...o })));
    await writeAll(
      io.stdout,
      form === 'json' ? `[${objects.join(',\n ')}]\n` : objects.map((o) => `${o}\n`).join(''),
    );
  }
  if (sections.every((s) => s.count === 0)) await note(io, 'nothing of that kind is known in that time');
  for (const line of notes) await note(io, line);
}

const note = (io: Io, line: string): Promise<void> => writeAll(io.stderr, `reel: ${escapeValue(line)}\n`);

const mostGaps = 5;

/** What an answer was computed over, and where data is missing. */
export function coverageNotes(coverage: Coverage): string[] {
  const { routers, missing } = coverage;
  const snapshots = routers.reduce((n, r) => n + r.snapshots, 0);
  if (snapshots === 0 && missing.length === 0) return ['no snapshot is known in that time'];
  const notes: string[] = [];
  if (snapshots > 0) {
    const [first, last] = [Math.min(...routers.map((r) => r.first)), Math.max(...routers.map((r) => r.last))];
    notes.push(
      `over ${snapshots.toLocaleString('en')} snapshots of ${routers.length} ${routers.length === 1 ? 'router' : 'routers'}, ${printTime(first)} to ${printTime(last)}`,
    );
  }
  return [...notes, ...missingNotes(coverage)];
}

/** Where data is missing, or was not whole. */
export function missingNotes({ routers, missing }: Coverage): string[] {
  const notes: string[] = [];
  const gaps = routers.flatMap((r) =>
    r.gaps.map(([from, to]) => `${r.router}: not heard from ${printTime(from)} to ${printTime(to)}`),
  );
  notes.push(...gaps.slice(0, mostGaps));
  if (gaps.length > mostGaps) notes.push(`and ${gaps.length - mostGaps} more gaps`);
  const incomplete = routers.reduce((n, r) => n + r.incomplete, 0);
  if (incomplete > 0) notes.push(`${incomplete} listings were not whole: they end no session`);
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(', ');
    notes.push(
      `of ${missing.length} routers nothing came in that time: ${some}${missing.length > 10 ? ', …' : ''}`,
    );
  }
  return notes;
}

interface AnsweringFlags extends ConnectionFlags {
  readonly output: OutputForm;
}

/** A command that asks ClickHouse, and prints an answer. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- each command names its own flags, as commander gives them
export function answering<Flags extends object>(
  command: Command,
  io: Io,
  examples: readonly string[],
  ask: (store: Store, flags: Flags, mask: Mask) => Promise<Answer>,
): void {
  withClickHouse(withOutput(command))
    .addHelpText('after', `\nExamples:\n${examples.map((e) => `  $ reel ${e}\n`).join('')}`)
    .action(async (flags: Flags & AnsweringFlags) => {
      const { answer, mask } = await asking(flags, async (store, mask) => ({
        answer: await ask(store, flags, mask),
        mask,
      }));
      await printAnswer(answer, flags.output, io, mask);
    });
}

/** Columns of the terminal for plots; 100 where there is none. */
export function plotWidth(io: Io): number {
  const columns = (io.stdout as { columns?: number }).columns;
  return Math.max(40, Math.min(160, isTerminal(io.stdout) ? (columns ?? 80) : 100));
}
