/**
 * Writes schemas/avro/session-delta.avsc from the catalogue: run after the catalogue or schema.ts changed. With `--release` also
 * keeps it in schemas/avro/history under the next number: every schema that events were ever written with must stay there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fingerprint } from './canonical.ts';
import { readSchemaHistory } from './history.ts';
import { sessionDeltaSchema } from './schema.ts';

const folder = new URL('../../../schemas/avro/', import.meta.url);
const text = `${JSON.stringify(sessionDeltaSchema, null, 2)}\n`;
writeFileSync(new URL('session-delta.avsc', folder), text);

if (process.argv.includes('--release')) {
  mkdirSync(new URL('history/', folder), { recursive: true });
  const history = readSchemaHistory();
  const print = fingerprint(sessionDeltaSchema);
  if (!history.some(({ schema }) => fingerprint(schema) === print)) {
    const name = `${String(history.length + 1).padStart(4, '0')}.avsc`;
    writeFileSync(new URL(`history/${name}`, folder), text);
  }
}
