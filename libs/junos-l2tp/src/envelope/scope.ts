/** The command's filters on stored records, as the router's own. */
import { isIPv6 } from 'node:net';
import type { FieldValue, Scope, SessionRecord } from '@sessionreel/session-model';
import type { FilterName } from './command.ts';

const fieldsOf: Readonly<Record<FilterName, readonly string[]>> = {
  interface: ['interface_name', 'tunnel_interface_name'],
  'local-gateway': ['local_ip'],
  'local-gateway-name': ['local_name'],
  'local-session-id': ['session_local_id'],
  'local-tunnel-id': ['tunnel_local_id'],
  'peer-gateway': ['remote_ip'],
  'peer-gateway-name': ['remote_name'],
  'tunnel-group': ['tunnel_group_name'],
  user: ['user_name'],
};

function isEqual(name: FilterName, value: FieldValue | undefined, wanted: string): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (typeof value !== 'string') return /^\d+$/.test(wanted) && BigInt(value) === BigInt(wanted);
  const isAddress = name === 'local-gateway' || name === 'peer-gateway';
  return value === wanted || (isAddress && canonical(value) === canonical(wanted));
}

/** An IPv6 address has many forms: its shortest, with its zone. */
function canonical(address: string): string {
  const [bare = '', zone] = address.toLowerCase().split('%', 2);
  if (!isIPv6(bare)) return address.toLowerCase();
  return new URL(`http://[${bare}]`).hostname + (zone === undefined ? '' : `%${zone}`);
}

/**
 * Whether the router would list the session with these filters. A session whose field was never printed is not listed: nobody knows.
 * `interface` also takes `name.unit`. What is no filter of the command (`unknown`) is passed over: `parseCommand` tells of it.
 */
export function matchesScope(record: SessionRecord, scope: Scope): boolean {
  return Object.entries(scope).every(([name, wanted]) => {
    if (!(name in fieldsOf)) return true;
    const filter = name as FilterName;
    const names = fieldsOf[filter];
    if (names.some((field) => isEqual(filter, record.values[field], wanted))) return true;
    const unit = record.values['interface_unit'];
    if (filter !== 'interface' || typeof unit !== 'number' || !wanted.endsWith(`.${unit}`)) return false;
    const bare = wanted.slice(0, wanted.lastIndexOf('.'));
    return names.some((field) => record.values[field] === bare);
  });
}

/** The sessions that the router would list with these filters. */
export function filterRecords<T extends { readonly record: SessionRecord }>(
  sessions: readonly T[],
  scope: Scope,
): T[] {
  return sessions.filter(({ record }) => matchesScope(record, scope));
}
