/**
 * How sessions were printed, by class (format and level). A session names a set, whose definition is
 * `{"set": {"text/extensive": "<id of a layout, 16 hex digits>", …}, "shapes": {"text/extensive": "<presence string>", …}}`.
 * A presence string behind `~` is that of a session in which its capture broke off.
 */
import { fields, type Format, type Level } from '@sessionreel/session-model';
import { asked, type AskOptions, type QueryClient } from '../ask/client.ts';
import type { GroupRows } from './state-question.ts';

export type PrintClass = `${Format}/${Level}`;

/** How one session prints in one class. */
export interface ClassPrint {
  /** The layout's JSON. */
  readonly layout: string;
  /** A letter a field: what the class printed last; '' when that is not known. */
  readonly shape: string;
}

/** More ids than this are not sent but looked up where they stand: they would not fit into a request's address. */
const manyIds = 200;

/** Definitions by id. With many of them `where` says where they all stand. */
async function definitions(
  client: QueryClient,
  ids: ReadonlySet<bigint>,
  where: string,
  rows: GroupRows,
  options: AskOptions,
): Promise<Map<bigint, string>> {
  if (ids.size === 0) return new Map();
  const few = ids.size <= manyIds;
  const found = await client.rows<{ id: string; definition: string }>(
    `SELECT id, any(definition) AS definition FROM layouts WHERE id IN ${few ? '{ids:Array(UInt64)}' : `(${where})`} GROUP BY id`,
    few ? asked(options, { ids: [...ids] }) : rows.options,
  );
  return new Map(found.map((r) => [BigInt(r.id), r.definition]));
}

interface SetDefinition {
  readonly set?: Readonly<Record<string, string>>;
  readonly shapes?: Readonly<Record<string, string>>;
}

/** Prints of a class by the id of the set, for the sets that have one. */
export async function classPrints(
  client: QueryClient,
  sets: Iterable<bigint>,
  kind: PrintClass,
  rows: GroupRows,
  options: AskOptions,
): Promise<Map<bigint, ClassPrint>> {
  const ofGroup = (table: string): string => `SELECT layout FROM ${table} WHERE ${rows.where}`;
  const setIds = `${ofGroup('session_history')} UNION DISTINCT ${ofGroup('session_prints')}`;
  const wanted = new Set([...sets].filter((id) => id !== 0n));
  const setTexts = await definitions(client, wanted, setIds, rows, options);
  const members = new Map<bigint, { layout: bigint; shape: string }>();
  for (const [id, text] of setTexts) {
    const { set, shapes } = JSON.parse(text) as SetDefinition;
    const layout = set?.[kind];
    if (wanted.has(id) && layout !== undefined)
      members.set(id, { layout: BigInt(`0x${layout}`), shape: (shapes?.[kind] ?? '').replace(/^~/, '') });
  }
  const layoutIds = `SELECT reinterpretAsUInt64(reverse(unhex(JSONExtractString(definition, 'set', {kind:String}))))
    FROM layouts WHERE id IN (${setIds})`;
  const withKind: GroupRows = {
    where: rows.where,
    options: { ...rows.options, params: { ...rows.options.params, kind } },
  };
  const layouts = new Set([...members.values()].map((m) => m.layout));
  const texts = await definitions(client, layouts, layoutIds, withKind, options);
  const prints = new Map<bigint, ClassPrint>();
  for (const [id, { layout, shape }] of members) {
    const text = texts.get(layout);
    if (text !== undefined) prints.set(id, { layout: text, shape });
  }
  return prints;
}

/** Definitions of frames by id. */
export async function documentsOf(
  client: QueryClient,
  ids: Iterable<bigint>,
  options: AskOptions,
): Promise<Map<bigint, string>> {
  const wanted = new Set([...ids].filter((id) => id !== 0n));
  const rows: GroupRows = { where: '', options: {} };
  const found = new Map<bigint, string>();
  const all = [...wanted];
  for (let i = 0; i < all.length; i += manyIds)
    for (const [id, text] of await definitions(client, new Set(all.slice(i, i + manyIds)), '', rows, options))
      found.set(id, text);
  return found;
}

/**
 * Letters of only those fields that a class printed last: what other classes added would be printed where it was not.
 * @param shape of the class; '' when it is not known
 * @param letters of what is known, by the presence of the session
 */
export function shownLetters(shape: string, presence: string, letters: string): string {
  if (shape === '' || shape === presence) return letters;
  return fields
    .map((f, i) => (f.role !== 'identity' && (shape[i] ?? '.') === '.' ? '.' : (letters[i] ?? '.')))
    .join('');
}
