/** The port to ClickHouse: client, migrations, inserts. */
export { Store, type RequestOptions, type StoreSettings, type Written } from './client.ts';
export { StoreError, storeErrorOf, type StoreErrorCode } from './errors.ts';
export * from './inbox-insert.ts';
export {
  MigrationError,
  appliedMigrations,
  migrate,
  readMigrations,
  type Migration,
  type MigrateOptions,
  type MigrateResult,
} from './migrate.ts';
export { statementsOf } from './statements.ts';
export { fenced, inbox } from './schema/inbox.ts';
export { allTables, allViews, migrationFiles } from './schema/migrations.ts';
export type { Column, Table, View } from './schema/table.ts';
export { applyRetention } from './retention.ts';
export { rollUp, type RollupResult } from './rollup.ts';
export { copyFleet, writeRouters, type RouterEntry } from './routers.ts';
export { clusterStatements } from './schema/cluster.ts';
export { dataDictionary } from './schema/dictionary.ts';
