/** One token of ClickHouse SQL; `start` and `end` are byte offsets. Quoted ones keep their quotes. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'other';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Brackets open before this token. */
  readonly depth: number;
}

const space = /\s/;
const wordStart = /[A-Za-z_\u0080-\u00ff]/;
const wordPart = /[A-Za-z0-9_$\u0080-\u00ff]/;

/**
 * The tokens of a statement without comments. `sql` is latin1 text (one character a byte), so that an
 * offset is an offset in the bytes, and binary data after an INSERT's FORMAT survives. Lazy: a caller stops
 * where the data begins.
 */
export function* tokens(sql: string): Generator<SqlToken> {
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const character = sql.charAt(at);
    if (space.test(character)) {
      at += 1;
      continue;
    }
    const comment = commentEnd(sql, at);
    if (comment > at) {
      at = comment;
      continue;
    }
    const start = at;
    let kind: SqlToken['kind'] = 'other';
    if (character === "'" || character === '"' || character === '`') {
      kind = 'quoted';
      at = quotedEnd(sql, at, character);
    } else if (wordStart.test(character)) {
      kind = 'word';
      while (at < sql.length && wordPart.test(sql.charAt(at))) at += 1;
    } else if (/\d/.test(character)) {
      while (at < sql.length && wordPart.test(sql.charAt(at))) at += 1;
    } else at += 1;
    const closes = character === ')' || character === ']' || character === '}';
    if (closes) depth = Math.max(0, depth - 1);
    yield { kind, text: sql.slice(start, at), start, end: at, depth };
    if (character === '(' || character === '[' || character === '{') depth += 1;
  }
}

/** Where the comment at `at` ends; `at` itself when there is none. */
function commentEnd(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === '/*') {
    const end = sql.indexOf('*/', at + 2);
    return end < 0 ? sql.length : end + 2;
  }
  if (two === '--' || two === '# ' || two === '#!') {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  return at;
}

/** A quote inside is doubled or after a backslash. */
function quotedEnd(sql: string, start: number, quote: string): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    const character = sql.charAt(at);
    if (character === '\\') at += 1;
    else if (character === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return sql.length;
}

/** A string literal of ClickHouse. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** A quoted identifier of ClickHouse. */
export function quoteName(text: string): string {
  return `\`${text.replace(/[\\`]/g, '\\$&')}\``;
}
