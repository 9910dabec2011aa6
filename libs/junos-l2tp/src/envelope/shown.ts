/** A line as a terminal shows it: what was typed and erased, moved over or coloured stands in a capture with all its control characters. */

/** Titles and modes, cursor movements and erasures, or one character. */
// eslint-disable-next-line no-control-regex -- these are the characters that terminals are told with
const token = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[([?\d;]*)([@-~])|\x1b[()][A-Z0-9]|\x1b.|[^]/g;

/** The line without its control characters, by what they do. Latin-1, as lines are. */
export function shown(line: string): string {
  const cells: string[] = [];
  let at = 0;
  for (const [all, by = '', order] of line.matchAll(token)) {
    if (order === 'K') erase(cells, at, by);
    else if (order === 'C') at = Math.min(line.length, at + Number(by || 1));
    else if (order === 'D') at = Math.max(0, at - Number(by || 1));
    else if (all === '\b') at = Math.max(0, at - 1);
    else if (all === '\r') at = 0;
    else if (all.length === 1 && (all >= ' ' || all === '\t')) cells[at++] = all;
  }
  return Array.from(cells, (cell: string | undefined) => cell ?? ' ').join('');
}

/** To the line's end, or all of it. */
function erase(cells: string[], at: number, which: string): void {
  if (which === '' || which === '0') cells.length = Math.min(cells.length, at);
  else cells.fill(' ', 0, which === '1' ? at + 1 : cells.length);
}

// eslint-disable-next-line no-control-regex -- see above
const control = /[\x00-\x08\x0a-\x1f]/;

export function hasControls(line: string): boolean {
  return control.test(line);
}
