/** Writes schemas/avro/session-delta.avsc from the catalogue: run after the catalogue changed. */
import { writeFileSync } from 'node:fs';
import { sessionDeltaSchema } from './schema.ts';

writeFileSync(
  new URL('../../../schemas/avro/session-delta.avsc', import.meta.url),
  `${JSON.stringify(sessionDeltaSchema, null, 2)}\n`,
);
