/** The state hash of records as the questions give them: it must be the one that the processor wrote into the ledger. */
import {
  fields,
  StringTable,
  type FieldValue,
  type SessionImage,
  type SessionRecord,
} from '@sessionreel/session-model';
import { ImageHash } from './hash.ts';

/** 32 hex digits. */
export function stateHash(sessions: readonly SessionRecord[]): string {
  const hash = new ImageHash(() => new StringTable());
  for (const session of sessions) hash.add(imageOf(session));
  return hash.hex;
}

/** What of an image the hash covers. */
function imageOf({ values, rounding, unknown }: SessionRecord): SessionImage {
  const image: Record<string, FieldValue> = {};
  let presence = '';
  for (const { name, type } of fields) {
    const value = values[name];
    presence += value === undefined ? '.' : value === null ? 'n' : value === '' ? 'e' : 'v';
    if (value === undefined || value === null) continue;
    // Records have seconds, images milliseconds.
    image[name] = type === 'datetime' && value !== '' ? Number(value) * 1000 : value;
  }
  return {
    tunnel_local_id: Number(values['tunnel_local_id'] ?? 0),
    session_local_id: Number(values['session_local_id'] ?? 0),
    reason: '',
    changed: [],
    last_seen_at: 0,
    created_at: null,
    idle_since: null,
    clock_offset_s: 0,
    layout: 0n,
    rank: 0,
    presence,
    rounding: Object.fromEntries(Object.entries(rounding).map(([name, half]) => [name, Number(half)])),
    unknown: unknown.map(([name, value]) => ({ name, value })),
    values: image,
  };
}
