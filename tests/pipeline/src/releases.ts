/** Events as other releases write them: their schemas differ from today's at the outer record and within. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createEventWriter,
  deltaEncoder,
  fingerprint,
  sessionDeltaSchema,
  takeWritten,
  type Schema,
} from '@sessionreel/session-events';
import type { SessionDelta } from '@sessionreel/session-model';

interface AvroRecord {
  fields: { name: string; type: { items?: AvroRecord } | string; default?: unknown }[];
}

function changed(change: (delta: AvroRecord, ledger: AvroRecord) => void): Schema {
  const schema = structuredClone(sessionDeltaSchema) as unknown as AvroRecord;
  const ledger = schema.fields.find(({ name }) => name === 'ledger')?.type;
  if (typeof ledger !== 'object' || ledger.items === undefined)
    throw new Error('the ledger is an array of records');
  change(schema, ledger.items);
  return schema as unknown as Schema;
}

/** Before there were documents, and prints. */
const earlier = changed((delta, ledger) => {
  delta.fields = delta.fields.filter(({ name }) => name !== 'prints');
  ledger.fields = ledger.fields.filter(({ name }) => name !== 'document');
});

/** With a text that we do not know, and one in each entry of the ledger. */
const later = changed((delta, ledger) => {
  delta.fields.push({ name: 'note', type: 'string', default: '' });
  ledger.fields.splice(2, 0, { name: 'collector', type: 'string', default: '' });
});

export const releases = { today: sessionDeltaSchema, earlier, later } as const;
export type Release = keyof typeof releases;

const encoders = {
  today: deltaEncoder(releases.today),
  earlier: deltaEncoder(releases.earlier),
  later: deltaEncoder(releases.later),
};

/** A message value in single-object encoding. */
export function written(delta: SessionDelta, release: Release): Uint8Array {
  const ledger = delta.ledger.map((entry) => ({ ...entry, collector: 'c1' }));
  const writer = createEventWriter();
  encoders[release]({ ...delta, ledger, note: 'of a later release' } as SessionDelta, writer);
  const datum = takeWritten(writer);
  const print = Buffer.from(fingerprint(releases[release]), 'hex').reverse();
  return Buffer.concat([Buffer.of(0xc3, 0x01), print, datum]);
}

/** A folder of the schemas that today's release does not come with. */
export function schemaFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reel-schemas-'));
  for (const name of ['earlier', 'later'] as const)
    writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(releases[name]));
  return folder;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
