import { tokens } from './sql-tokens.ts';
import type { SqlToken } from './sql-tokens.ts';

/** What the server has to know of a statement before it hands it to the engine. */
export type Statement =
  /** `INSERT INTO t … FORMAT X` or `VALUES`: the data follow, inline or in the request's body. */
  | {
      readonly kind: 'insert';
      /** `INSERT INTO t (a, b)`, and the statement's own `SETTINGS …` or nothing. */
      readonly head: string;
      readonly settings: string;
      readonly format: string;
      readonly data: Buffer;
    }
  | { readonly kind: 'kill'; readonly sql: string }
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly reads: boolean;
      readonly format: string | undefined;
    }
  | { readonly kind: 'empty' }
  | { readonly kind: 'several' };

/** Reads as much of a statement as is needed to run it as ClickHouse's HTTP interface would. */
export function readStatement(bytes: Buffer): Statement {
  const text = bytes.toString('latin1');
  const first = firstWord(text);
  if (first === undefined) return { kind: 'empty' };
  if (first === 'INSERT') {
    const insert = readInsert(bytes, text);
    if (insert !== undefined) return insert;
  }
  let format: string | undefined;
  let previous: SqlToken | undefined;
  let ended = -1;
  for (const token of tokens(text)) {
    if (ended >= 0 && token.text !== ';') return { kind: 'several' };
    if (token.text === ';' && token.depth === 0 && ended < 0) ended = token.start;
    if (token.kind === 'word' && token.depth === 0 && previous?.text.toUpperCase() === 'FORMAT')
      format = token.text;
    previous = token;
  }
  const sql = bytes.toString('utf8', 0, ended < 0 ? bytes.length : ended);
  if (first === 'KILL') return { kind: 'kill', sql: killByOurIds(sql) };
  return { kind: 'query', sql, reads: first === 'SELECT' || first === 'WITH', format };
}

function firstWord(text: string): string | undefined {
  for (const token of tokens(text)) {
    if (token.kind === 'word') return token.text.toUpperCase();
    if (token.text !== '(' && token.text !== ';') return token.text;
  }
  return undefined;
}

/** Undefined when the rows come from elsewhere (SELECT, INFILE) and the engine takes the statement whole. */
function readInsert(bytes: Buffer, text: string): Statement | undefined {
  let named = false;
  let settingsAt: number | undefined;
  let formatAt: number | undefined;
  const insert = (end: number, format: string, dataAt: number): Statement => ({
    kind: 'insert',
    head: bytes.toString('utf8', 0, settingsAt ?? end),
    settings: settingsAt === undefined ? '' : bytes.toString('utf8', settingsAt, end),
    format,
    data: bytes.subarray(dataAt),
  });
  for (const token of tokens(text)) {
    const word = token.kind === 'word' && token.depth === 0 ? token.text.toUpperCase() : '';
    // The table's own name may be any word, so nothing is looked for before it has passed.
    if (!named) named = !/^(INSERT|INTO|TABLE|FUNCTION)$/.test(word);
    else if (formatAt !== undefined && token.kind === 'word')
      return insert(formatAt, token.text, inlineStart(text, token.end));
    else if (word === 'VALUES') return insert(token.start, 'Values', token.end);
    else if (word === 'FORMAT') formatAt = token.start;
    else if (word === 'SETTINGS') settingsAt = token.start;
    else if (/^(SELECT|WITH|FROM|WATCH)$/.test(word)) return undefined;
  }
  return undefined;
}

/** Inline data begin after the first line end behind FORMAT's name, or after the blanks (ParserInsertQuery). */
function inlineStart(text: string, from: number): number {
  let at = from;
  while (/[ \t\f]/.test(text.charAt(at))) at += 1;
  if (text.charAt(at) === ';') at += 1;
  if (text.charAt(at) === '\r') at += 1;
  if (text.charAt(at) === '\n') at += 1;
  return at;
}

/**
 * The engine in this process names its queries itself; the ids that clients gave stand in `log_comment`.
 * So `KILL QUERY WHERE query_id = …` looks there.
 */
function killByOurIds(sql: string): string {
  let result = '';
  let copied = 0;
  const latin1 = Buffer.from(sql).toString('latin1');
  for (const token of tokens(latin1)) {
    if (token.text !== 'query_id' && token.text !== '`query_id`' && token.text !== '"query_id"') continue;
    result += `${latin1.slice(copied, token.start)}Settings['log_comment']`;
    copied = token.end;
  }
  return Buffer.from(result + latin1.slice(copied), 'latin1').toString('utf8');
}
