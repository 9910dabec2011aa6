/** The migration files as they are printed from the descriptions. */
import { baseViews, fenced, firstViews, inbox } from './inbox.ts';
import { lookupViews } from './lookups.ts';
import { stagedViews, stages } from './stages.ts';
import { ownTables, rollupTables } from './rollups.ts';
import { tableSql, viewSql, type Table, type View } from './table.ts';
import { grouping, ledgerTables } from './tables.ts';

export interface MigrationFile {
  readonly name: string;
  readonly text: string;
}

export const allTables: readonly Table[] = [...grouping, ...ledgerTables, ...rollupTables, ...ownTables];
const secondViews: readonly View[] = [...baseViews, ...lookupViews];
const staged = new Set(stagedViews.map((v) => v.name));
/** As they are now. */
export const allViews: readonly View[] = [...secondViews.filter((v) => !staged.has(v.name)), ...stagedViews];

const statement = (sql: string): string => `${sql};\n`;
const noted = (comment: string, sql: string): string => `-- ${comment}\n${statement(sql)}`;
function file(name: string, why: string, statements: readonly string[]): MigrationFile {
  const comment = why
    .trim()
    .split('\n')
    .map((line) => `-- ${line.trim()}`)
    .join('\n');
  return { name, text: `${comment}\n\n${statements.join('\n')}` };
}

export function migrationFiles(): MigrationFile[] {
  return [
    file(
      '0001_history.sql',
      `Why: the history itself. Rows of session_history and counter_deltas lie in groups, as video does: a keyframe begins each,
      so that the state at any time is read from one group and its cost does not grow with the age of the history.`,
      grouping.map((t) => statement(tableSql(t))),
    ),
    file(
      '0002_ledger.sql',
      `Why: what came in and what became of it. Nothing is ever dropped from here by age: concurrency, audits and the choice
      of a group rest on it.`,
      ledgerTables.map((t) => statement(tableSql(t))),
    ),
    file(
      '0003_rollups.sql',
      `Why: questions over days must not read every delta. None of these sums blindly: each row carries the Kafka offset that it
      came from, or is rebuilt whole, so that a batch that is inserted twice or healed counts once.`,
      rollupTables.map((t) => statement(tableSql(t))),
    ),
    file(
      '0004_loader.sql',
      `Why: the fence keeps a loader that was stopped and wakes up from writing into a partition that another one has taken;
      routers is the fleet file's copy, joined to every question.`,
      ownTables.map((t) => statement(tableSql(t))),
    ),
    file(
      '0005_inbox.sql',
      `Why: one insert writes everything that an event says, in one request and under one deduplication token. The loader does not
      decode: the columns are those of the Avro record. Generated from the field catalogue and the event schema.`,
      [
        ...[inbox, fenced].map((t) => statement(tableSql(t))),
        ...firstViews.slice(1).map((v) => noted(v.comment, viewSql(v))),
      ],
    ),
    file(
      '0006_rollup_views.sql',
      `Why: rollups and lookups that follow from an event alone. The fence's own view is the last of all: until it stands,
      nothing comes through, so that no event is fanned out by half of the views.`,
      [...lookupViews, ...firstViews.slice(0, 1)].map((v) => noted(v.comment, viewSql(v))),
    ),
    file(
      '0007_quicker_views.sql',
      `Why: an insert of a few rows cost 0.2 s of CPU, most of it in the analysis of these views. They give the same rows.`,
      baseViews
        .filter((v) => !firstViews.includes(v))
        .map((v) => noted(v.comment, `ALTER TABLE ${v.name} MODIFY QUERY\n${v.select}`)),
    ),
    file(
      '0008_staged_views.sql',
      `Why: each view that reads the inbox costs an insert 7 to 12 ms of CPU, whatever comes out of it. The lookups follow from the rows of
      the history, and what is rare is looked for only where an event holds any of it. The rows are the same. The fence's view goes first and
      comes back last: in between nothing comes through, and a loader that inserts meanwhile finds that nothing arrived, and inserts again.`,
      [
        ...[...firstViews.slice(0, 1), ...secondViews.filter((v) => staged.has(v.name))].map((v) =>
          statement(`DROP VIEW IF EXISTS ${v.name}`),
        ),
        ...stages.map((t) => statement(tableSql(t))),
        ...[...stagedViews, ...firstViews.slice(0, 1)].map((v) => noted(v.comment, viewSql(v))),
      ],
    ),
  ];
}
