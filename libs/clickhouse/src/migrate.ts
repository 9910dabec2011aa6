/**
 * Brings a database to the schema of schemas/clickhouse: numbered files, forward only, applied once and in order, known by the hash
 * of their text. Every statement can run twice (`IF NOT EXISTS`), because a process may die between a statement and its record; and two
 * that start at once take turns by a lock that is a table: `CREATE TABLE` is what ClickHouse does atomically.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { pause } from '@sessionreel/ops';
import { Store, type StoreSettings } from './client.ts';
import { StoreError } from './errors.ts';
import { statementsOf } from './statements.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly hash: string;
}

export interface MigrateResult {
  /** Names of what was applied now. */
  readonly applied: readonly string[];
  readonly version: number;
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  readonly signal?: AbortSignal;
  /** A lock that has not moved for so long belongs to a process that died, ms. */
  readonly staleLockMs?: number;
  readonly onWait?: (what: string) => void;
}

/** The files and the database do not agree, in a way that only a person can settle. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: 'changed' | 'newer' | 'missing';
  constructor(code: 'changed' | 'newer' | 'missing', message: string) {
    super(message);
    this.code = code;
  }
}

const folder = new URL('../../../schemas/clickhouse/', import.meta.url);

/** The migrations of this release, in order. */
export function readMigrations(from: URL = folder): Migration[] {
  return readdirSync(from)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name, index) => {
      const version = Number(/^(\d{4})_/.exec(name)?.[1]);
      if (version !== index + 1)
        throw new Error(`${name}: migrations are numbered 0001, 0002, … without gaps`);
      const text = readFileSync(new URL(name, from), 'utf8');
      return { version, name, text, hash: createHash('sha256').update(text).digest('hex') };
    });
}

const identifier = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;

export async function migrate(settings: StoreSettings, options: MigrateOptions = {}): Promise<MigrateResult> {
  const migrations = options.migrations ?? readMigrations();
  // The database may not be there yet, and a request that names it would be refused.
  const outside = new Store({ ...settings, database: 'default' });
  try {
    await outside.command(`CREATE DATABASE IF NOT EXISTS ${identifier(settings.database)}`);
  } finally {
    await outside.close();
  }
  const store = new Store(settings);
  try {
    await store.command(recordTable);
    const version = migrations.length;
    if ((await pending(store, migrations)).length === 0) return { applied: [], version };
    const release = await lock(store, options);
    try {
      const todo = await pending(store, migrations);
      for (const migration of todo) await apply(store, migration);
      return { applied: todo.map((m) => m.name), version };
    } finally {
      await release();
    }
  } finally {
    await store.close();
  }
}

const recordTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version UInt32 COMMENT 'Number of the file',
  name String COMMENT 'Name of the file',
  hash String COMMENT 'SHA-256 of its text, hexadecimal',
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When (UTC)'
) ENGINE = ReplacingMergeTree ORDER BY version COMMENT 'Which files of schemas/clickhouse were applied'`;

/** Applied migrations by version. */
export async function appliedMigrations(store: Store): Promise<Map<number, { name: string; hash: string }>> {
  const rows = await store.rows<{ version: number; name: string; hash: string }>(
    'SELECT version, any(name) AS name, any(hash) AS hash FROM schema_migrations GROUP BY version ORDER BY version',
  );
  return new Map(rows.map((r) => [r.version, r]));
}

/** What is still to be applied. @throws MigrationError when an applied file was changed or the database is newer. */
async function pending(store: Store, migrations: readonly Migration[]): Promise<Migration[]> {
  const applied = await appliedMigrations(store);
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length)
    throw new MigrationError(
      'newer',
      `the database is at migration ${applied.get(newest)?.name ?? String(newest)}, this release knows ${String(migrations.length)}: run a newer release`,
    );
  const todo: Migration[] = [];
  for (const migration of migrations) {
    const known = applied.get(migration.version);
    if (known === undefined) todo.push(migration);
    else if (known.hash !== migration.hash)
      throw new MigrationError(
        'changed',
        `${migration.name} was changed after it had been applied (as ${known.name}, ${known.hash.slice(0, 12)}…, now ${migration.hash.slice(0, 12)}…): put it back and add a new file, or give another database`,
      );
    else if (todo.length > 0)
      throw new MigrationError(
        'missing',
        `${todo[0]?.name ?? ''} is not applied, but ${known.name} after it is`,
      );
  }
  return todo;
}

async function apply(store: Store, migration: Migration): Promise<void> {
  for (const statement of statementsOf(migration.text)) {
    try {
      await store.command(statement);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new StoreError(error.code, `${migration.name}: ${error.message}`, error.serverCode, error);
    }
  }
  const { version, name, hash } = migration;
  await store.insert('schema_migrations', [{ version, name, hash }]);
}

const lockTable = 'migration_lock';
/** TABLE_ALREADY_EXISTS, UNKNOWN_TABLE. */
const exists = 57;
const unknown = 60;
/** Who else waits looks again so often, ms. */
const pollMs = 200;

/** Waits for the lock and gives the function that lets it go. */
async function lock(store: Store, options: MigrateOptions): Promise<() => Promise<void>> {
  const owner = `${hostname()} ${String(process.pid)}`;
  const stale = options.staleLockMs ?? 60_000;
  let seen = { uuid: '', since: performance.now() };
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await store.command(
        `CREATE TABLE ${lockTable} (owner String) ENGINE = Memory COMMENT 'Held while migrations are applied'`,
      );
      return () => store.command(`DROP TABLE IF EXISTS ${lockTable} SYNC`);
    } catch (error) {
      if (!(error instanceof StoreError) || error.serverCode !== exists) throw error;
    }
    const uuid = await lockId(store);
    if (uuid !== seen.uuid) seen = { uuid, since: performance.now() };
    else if (performance.now() - seen.since > stale) await breakLock(store, uuid);
    options.onWait?.(`another process to finish migrating (${owner} waits)`);
    await pause(pollMs, options.signal);
  }
}

/** Changes with every migration that its holder records, so that a slow holder is not taken for a dead one. */
async function lockId(store: Store): Promise<string> {
  const rows = await store.rows<{ id: string }>(
    `SELECT concat(toString(uuid), ' ', toString((SELECT count() FROM schema_migrations))) AS id
     FROM system.tables WHERE database = currentDatabase() AND name = {name:String}`,
    { params: { name: lockTable } },
  );
  return rows[0]?.id ?? '';
}

/** Of several that find the lock dead one succeeds: the name it is moved to can be taken once. */
async function breakLock(store: Store, id: string): Promise<void> {
  const uuid = id.split(' ')[0] ?? '';
  if (uuid === '') return;
  const dead = `migration_lock_dead_${uuid.replaceAll('-', '')}`;
  try {
    await store.command(`RENAME TABLE ${lockTable} TO ${dead}`);
  } catch (error) {
    if (error instanceof StoreError && (error.serverCode === exists || error.serverCode === unknown)) return;
    throw error;
  }
}
