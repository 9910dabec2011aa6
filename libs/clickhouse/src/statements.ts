/** Splits the text of a migration into its statements. */

/** Statements end with `;` outside quotes and comments; comments alone are no statement. */
export function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === "'" || c === '`' || c === '"') at = endOfQuote(text, at, c);
    else if (text.startsWith('--', at)) at = endOfLine(text, at);
    else if (c === ';') {
      statements.push(text.slice(start, at));
      start = ++at;
    } else at++;
  }
  statements.push(text.slice(start));
  return statements.map((s) => s.trim()).filter((s) => withoutComments(s) !== '');
}

function endOfQuote(text: string, at: number, quote: string): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i + 1;
  }
  return text.length;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

export function withoutComments(statement: string): string {
  return statement.replace(/^\s*(--[^\n]*(\n|$)\s*)*/, '').trim();
}
