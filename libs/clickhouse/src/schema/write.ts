/** Writes schemas/clickhouse from the descriptions. Once released, files are never changed: add another one. */
import { writeFileSync } from 'node:fs';
import { migrationFiles } from './migrations.ts';

const folder = new URL('../../../../schemas/clickhouse/', import.meta.url);
for (const { name, text } of migrationFiles()) writeFileSync(new URL(name, folder), text);
