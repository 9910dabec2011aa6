/** The command's filters as conditions on the last rows of sessions. */
import type { Scope } from '@sessionreel/session-model';
import { QuestionError } from './client.ts';

export interface ScopeCondition {
  readonly conditions: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
}

const columns: Readonly<Record<string, readonly string[]>> = {
  interface: ['interface_name', 'tunnel_interface_name'],
  'local-gateway': ['local_ip'],
  'local-gateway-name': ['local_name'],
  'peer-gateway': ['remote_ip'],
  'peer-gateway-name': ['remote_name'],
  'local-session-id': ['session_local_id'],
  'local-tunnel-id': ['tunnel_local_id'],
  'tunnel-group': ['tunnel_group_name'],
  user: ['user_name'],
};

/** Filters that the data can answer. Ids of sessions and tunnels never change, so that they may be applied before the rest. */
export const identityFilters: ReadonlySet<string> = new Set(['local-session-id', 'local-tunnel-id']);

/** @throws QuestionError for a filter that is not the command's, or an id that is none */
export function scopeConditions(scope: Scope, only: (name: string) => boolean): ScopeCondition {
  const conditions: string[] = [];
  const params: Record<string, unknown> = {};
  Object.entries(scope).forEach(([name, value], index) => {
    const names = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (names === undefined) throw new QuestionError(`${name} is not a filter of the command`);
    if (!only(name)) return;
    if (value === '') throw new QuestionError(`${name} wants a value`);
    const parameter = `scope${index}`;
    if (identityFilters.has(name)) {
      if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
        throw new QuestionError(`${name} wants an id from 0 to 65535, not ${JSON.stringify(value)}`);
      params[parameter] = Number(value);
      conditions.push(`${names[0] ?? ''} = {${parameter}:UInt16}`);
      return;
    }
    params[parameter] = value;
    conditions.push(`(${names.map((column) => `${column} = {${parameter}:String}`).join(' OR ')})`);
  });
  return { conditions, params };
}

/** As the ledger writes it: `name value` pairs, sorted, joined by spaces. */
export function scopeText(scope: Scope): string {
  return Object.entries(scope)
    .map(([name, value]) => `${name} ${value}`)
    .sort()
    .join(' ');
}
