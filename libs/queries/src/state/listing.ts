/** The sessions of a router at a time, in the order of their keys, as few fields as are wanted: for tables and pages. */
import { fieldIndex, fields, type Field, type FieldValue, type Scope } from '@sessionreel/session-model';
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { columnOf, letterOf, msOf, valueOf } from '../ask/columns.ts';
import { groupAt } from './ledger.ts';
import { identityFilters, scopeConditions } from '../ask/scope.ts';

export interface ListingQuestion extends AskOptions {
  readonly router: string;
  readonly at: number;
  readonly scope?: Scope;
  /** Only sessions in this state. */
  readonly state?: string;
  /** Names of the catalogue; clocks and counters are not among them. Ids come always. */
  readonly fields: readonly string[];
  /** Behind this session. */
  readonly after?: { readonly tunnel: number; readonly session: number };
  readonly limit?: number;
}

export interface ListedRow {
  readonly tunnel: number;
  readonly session: number;
  /** Of the fields that are wanted; absent ones are left out. */
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly createdAt: number | null;
  /** Of its last event (ms UTC). */
  readonly changedAt: number;
}

/** Fields that `sessionsAt` can give: those that a row of history holds as they are at the time. */
export const listedFields: readonly string[] = fields
  .filter((f) => !['clock', 'counter', 'identity', 'epoch'].includes(f.role))
  .map((f) => f.name);

/** In blocks, as they come. Empty when the router has no history at the time. @throws QuestionError for a field that is none */
export async function* sessionsAt(
  client: QueryClient,
  question: ListingQuestion,
): AsyncGenerator<ListedRow[]> {
  const wanted = question.fields.map(wantedField);
  const group = await groupAt(client, question.router, question.at, question);
  if (group === undefined) return;
  const { scope = {}, after, state, limit } = question;
  const identity = scopeConditions(scope, (n) => identityFilters.has(n));
  const rest = scopeConditions(scope, (n) => !identityFilters.has(n));
  const inner = [
    'router = {router:String}',
    "gop = {gop:DateTime64(3, 'UTC')}",
    "at <= {at:DateTime64(3, 'UTC')}",
    ...identity.conditions,
    ...(after === undefined
      ? []
      : ['(tunnel_local_id, session_local_id) > ({after_tunnel:UInt16}, {after_session:UInt16})']),
  ];
  const outer = [
    "kind != 'closed'",
    ...rest.conditions,
    ...(state === undefined ? [] : ['state = {state:String}']),
  ];
  const query = `
    SELECT tunnel_local_id, session_local_id, ${msOf('created_at')} AS created_ms, ${msOf('at')} AS at_ms, presence
      ${wanted.map((f) => `, ${columnOf(f)} AS v_${f.name}`).join('')}
    FROM (SELECT * FROM session_history WHERE ${inner.join(' AND ')}
      ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC
      LIMIT 1 BY tunnel_local_id, session_local_id)
    WHERE ${outer.join(' AND ')}
    ORDER BY tunnel_local_id, session_local_id ${limit === undefined ? '' : 'LIMIT {limit:UInt32}'}`;
  const params = {
    ...identity.params,
    ...rest.params,
    router: question.router,
    gop: utcText(group.gop),
    at: utcText(question.at),
    ...(after === undefined ? {} : { after_tunnel: after.tunnel, after_session: after.session }),
    ...(state === undefined ? {} : { state }),
    ...(limit === undefined ? {} : { limit }),
  };
  for await (const block of client.blocks(query, asked(question, params)))
    yield block.map(([tunnel, session, created, at, presence, ...stored]) => ({
      tunnel: Number(tunnel),
      session: Number(session),
      values: valuesOf(wanted, String(presence), stored),
      createdAt: created === null ? null : Number(created),
      changedAt: Number(at),
    }));
}

function wantedField(name: string): Field {
  const field = fields[fieldIndex.get(name) ?? -1];
  if (field === undefined || !listedFields.includes(name))
    throw new QuestionError(`${JSON.stringify(name)} is no field of this list`);
  return field;
}

function valuesOf(
  wanted: readonly Field[],
  presence: string,
  stored: readonly unknown[],
): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  wanted.forEach((field, i) => {
    const letter = letterOf(presence, fieldIndex.get(field.name) ?? 0);
    if (letter === '.') return;
    values[field.name] = letter === 'v' ? valueOf(field, stored[i]) : letter === 'e' ? '' : null;
  });
  return values;
}

export interface TunnelCount {
  readonly tunnel: number;
  readonly peerGateway: string;
  readonly remoteIp: string;
  readonly interfaceName: string;
  readonly tunnelGroup: string;
  readonly sessions: number;
  readonly established: number;
}

/** The tunnels of a router at a time, with how many sessions each holds. */
export async function tunnelsAt(
  client: QueryClient,
  question: AskOptions & { readonly router: string; readonly at: number },
): Promise<TunnelCount[]> {
  const group = await groupAt(client, question.router, question.at, question);
  if (group === undefined) return [];
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT tunnel_local_id AS tunnel, any(remote_name) AS peer, any(remote_ip) AS ip,
       any(if(tunnel_interface_name != '', tunnel_interface_name, interface_name)) AS interface, any(tunnel_group_name) AS tunnel_group,
       count() AS sessions, countIf(state = 'established') AS established
     FROM (SELECT * FROM session_history
       WHERE router = {router:String} AND gop = {gop:DateTime64(3, 'UTC')} AND at <= {at:DateTime64(3, 'UTC')}
       ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC
       LIMIT 1 BY tunnel_local_id, session_local_id)
     WHERE kind != 'closed' GROUP BY tunnel ORDER BY tunnel`,
    asked(question, { router: question.router, gop: utcText(group.gop), at: utcText(question.at) }),
  );
  return rows.map((r) => ({
    tunnel: Number(r['tunnel']),
    peerGateway: String(r['peer']),
    remoteIp: String(r['ip']),
    interfaceName: String(r['interface']),
    tunnelGroup: String(r['tunnel_group']),
    sessions: Number(r['sessions']),
    established: Number(r['established']),
  }));
}
