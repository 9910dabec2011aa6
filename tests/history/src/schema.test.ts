import { readFileSync } from 'node:fs';
import {
  MigrationError,
  Store,
  allTables,
  allViews,
  dataDictionary,
  fenced,
  inbox,
  migrate,
  migrationFiles,
  readMigrations,
  statementsOf,
} from '@sessionreel/clickhouse';
import { counterFields } from '@sessionreel/session-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer, type TestServer } from './server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ migrated: false });
}, 60_000);
afterAll(() => server.stop(), 60_000);

const database = (name: string) => ({ ...server.settings, database: name });

test('the committed migrations are what the descriptions print', () => {
  const committed = readMigrations().map(({ name, text }) => ({ name, text }));
  expect(committed).toEqual(migrationFiles());
  const dictionary = readFileSync(new URL('../../../docs/data-dictionary.md', import.meta.url), 'utf8');
  expect(dictionary).toBe(dataDictionary());
});

test('every migration says why, and every statement can run twice', () => {
  for (const { name, text } of readMigrations()) {
    expect(text, name).toMatch(/^-- Why: /);
    for (const statement of statementsOf(text))
      expect(statement.replace(/^((--.*)?\n)*/, ''), name).toMatch(
        /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE \w+ ADD \w+ IF NOT EXISTS|ALTER TABLE to_\w+ MODIFY QUERY|DROP (VIEW|TABLE) IF EXISTS)\s/,
      );
  }
});

describe('a database that was migrated', () => {
  beforeAll(async () => {
    await migrate(server.settings);
  }, 60_000);

  test('has the tables and columns that are described, each with a comment', async () => {
    const columns = await server.store.rows<{ table: string; name: string; type: string; comment: string }>(
      `SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase()
       AND table IN {tables:Array(String)} ORDER BY table, position`,
      { params: { tables: [...allTables, inbox, fenced].map((t) => t.name) } },
    );
    for (const table of [...allTables, inbox, fenced]) {
      const found = columns.filter((c) => c.table === table.name);
      const described = table.columns.map(({ name, type, comment }) => ({
        table: table.name,
        name,
        type,
        comment,
      }));
      const bare = (type: string) => type.replaceAll('`', '').replaceAll(/\s+/g, '');
      expect(found.map((c) => ({ ...c, type: bare(c.type) }))).toEqual(
        described.map((c) => ({ ...c, type: bare(c.type) })),
      );
      if (table !== inbox && table !== fenced) expect(found.filter((c) => c.comment === '')).toEqual([]);
    }
  });

  test('mirrors the Avro schema in the inbox, field for field', () => {
    interface Avro {
      type: unknown;
      name: string;
      items?: Avro;
      fields?: Avro[];
    }
    const schema = JSON.parse(
      readFileSync(new URL('../../../schemas/avro/session-delta.avsc', import.meta.url), 'utf8'),
    ) as { fields: Avro[] };
    const names = schema.fields.map((f) => f.name);
    expect(inbox.columns.map((c) => c.name)).toEqual([
      'kafka_partition',
      'kafka_offset',
      'loader_epoch',
      ...names,
    ]);
    for (const f of schema.fields) {
      const { items } = (typeof f.type === 'object' ? f.type : {}) as Avro;
      if (items?.fields === undefined) continue;
      const type = inbox.columns.find((c) => c.name === f.name)?.type ?? '';
      for (const inner of items.fields) expect(type, f.name).toMatch(new RegExp(`[(,] ?${inner.name} `));
    }
  });

  test('has views that fill every column of their targets', async () => {
    const columns = await server.store.rows<{ table: string; name: string }>(
      'SELECT table, name FROM system.columns WHERE database = currentDatabase()',
    );
    const of = (table: string) => columns.filter((c) => c.table === table).map((c) => c.name);
    for (const view of allViews) {
      const missing = of(view.to).filter((name) => !of(view.name).includes(name));
      // Exact deltas leave the half-widths at their default, 0.
      const expected =
        view.name === 'to_counter_deltas'
          ? of(view.to).filter((n) => counterFields.some((f) => n === `${f.name}_error`))
          : [];
      expect(missing, view.name).toEqual(expected);
    }
  });

  test('is left alone by a second run, and by statements that ran before a crash', async () => {
    expect(await migrate(server.settings)).toEqual({ applied: [], version: readMigrations().length });
    for (const { text } of readMigrations())
      for (const statement of statementsOf(text)) await server.store.command(statement);
  });
});

test('two that start at once apply each migration once', async () => {
  const settings = database('twice');
  const results = await Promise.all([migrate(settings), migrate(settings), migrate(settings)]);
  const names = readMigrations().map((m) => m.name);
  expect(results.map((r) => r.applied.length).sort()).toEqual([0, 0, names.length]);
  const store = new Store(settings);
  const rows = await store.rows<{ n: string }>('SELECT count() AS n FROM schema_migrations');
  expect(rows).toEqual([{ n: String(names.length) }]);
  await store.close();
}, 60_000);

test('the lock of a process that died is broken, once', async () => {
  const settings = database('dead');
  await migrate(settings, { migrations: readMigrations().slice(0, 1) });
  const store = new Store(settings);
  await store.command('CREATE TABLE migration_lock (owner String) ENGINE = Memory');
  const results = await Promise.all([1, 2].map(() => migrate(settings, { staleLockMs: 4_000 })));
  expect(results.map((r) => r.applied.length).sort()).toEqual([0, readMigrations().length - 1]);
  await store.close();
}, 60_000);

test('a changed file and a newer database are said, and nothing is applied', async () => {
  const settings = database('changed');
  const [first, second] = readMigrations();
  if (first === undefined || second === undefined) throw new Error('too few');
  await migrate(settings, { migrations: [first] });
  const changed = { ...first, text: `${first.text}\n`, hash: 'ff'.repeat(32) };
  await expect(migrate(settings, { migrations: [changed, second] })).rejects.toThrow(
    /0001_history.sql was changed/,
  );
  await expect(migrate(settings, { migrations: [] })).rejects.toMatchObject({ code: 'newer' });
  await expect(migrate(settings, { migrations: [] })).rejects.toBeInstanceOf(MigrationError);
}, 60_000);

test('a migration that fails says its name, and is tried again the next time', async () => {
  const settings = database('failing');
  const [first] = readMigrations();
  if (first === undefined) throw new Error('too few');
  const bad = {
    version: 2,
    name: '0002_bad.sql',
    text: 'CREATE TABLE IF NOT EXISTS x (y Nonsense) ENGINE = Memory;',
    hash: 'b',
  };
  await expect(migrate(settings, { migrations: [first, bad] })).rejects.toThrow('0002_bad.sql');
  const good = { ...bad, text: 'CREATE TABLE IF NOT EXISTS x (y Int8) ENGINE = Memory;', hash: 'g' };
  expect(await migrate(settings, { migrations: [first, good] })).toEqual({
    applied: ['0002_bad.sql'],
    version: 2,
  });
}, 60_000);
