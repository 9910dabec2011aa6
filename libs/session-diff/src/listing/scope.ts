/** Which sessions a filtered snapshot speaks of: judged on what is known of a session; what is not known is not covered. */
import {
  Presence,
  getPresence,
  indexOfField,
  slotOf,
  type Scope,
  type StringTable,
} from '@sessionreel/session-model';

const numbers: Readonly<Record<string, string>> = {
  'local-session-id': 'session_local_id',
  'local-tunnel-id': 'tunnel_local_id',
};
const texts: Readonly<Record<string, readonly string[]>> = {
  interface: ['interface_name', 'tunnel_interface_name'],
  'local-gateway': ['local_ip'],
  'local-gateway-name': ['local_name'],
  'peer-gateway': ['remote_ip'],
  'peer-gateway-name': ['remote_name'],
  'tunnel-group': ['tunnel_group_name'],
  user: ['user_name'],
};

export type Covers = (words: Uint32Array, row: number, strings: StringTable) => boolean;

/** A test for full rows. A filter that is not known covers nobody. */
export function coverOf(scope: Scope): Covers {
  const tests = Object.entries(scope).map(([option, value]): Covers => {
    const number = numbers[option];
    if (number !== undefined) {
      const slot = slotOf[indexOfField(number)] as number;
      return (words, row) => words[row + slot] === Number(value);
    }
    const indexes = (texts[option] ?? []).map(indexOfField);
    return (words, row, strings) =>
      indexes.some(
        (index) =>
          getPresence(words, row, index) === Presence.value &&
          strings.text(words[row + (slotOf[index] as number)] as number) === value,
      );
  });
  return (words, row, strings) => tests.every((test) => test(words, row, strings));
}

/** `name value` pairs joined by a space, sorted: the ledger's form. '' for all sessions. */
export function scopeText(scope: Scope): string {
  return Object.entries(scope)
    .map(([name, value]) => `${name} ${value}`)
    .sort()
    .join(' ');
}
