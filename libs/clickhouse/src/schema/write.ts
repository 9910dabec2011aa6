/** Writes schemas/clickhouse and docs/data-dictionary.md from the descriptions. Once released, files are never changed: add another one. */
import { writeFileSync } from 'node:fs';
import { dataDictionary } from './dictionary.ts';
import { migrationFiles } from './migrations.ts';

const folder = new URL('../../../../schemas/clickhouse/', import.meta.url);
for (const { name, text } of migrationFiles()) writeFileSync(new URL(name, folder), text);
writeFileSync(new URL('../../../../docs/data-dictionary.md', import.meta.url), dataDictionary());
