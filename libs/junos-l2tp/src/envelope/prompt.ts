/** What stands around a reply on a terminal: prompts, banners, pager. Lines are Latin-1 strings without their line end. */
import { hasControls, shown } from './shown.ts';

export interface Prompt {
  readonly user: string;
  readonly host: string;
  /** What was typed behind it, '' at a prompt that waits. */
  readonly command: string;
}

const named = /^([^\s@:<>#%{}"',]{1,64})@([^\s@<>#%{}"',]{1,255})[>#%][ \t]?(.*)$/;
/** A prompt without a user name: it must wait, or a command of this CLI must follow. */
const bare = /^([A-Za-z][\w.-]{0,254})[>#][ \t]?((?:run[ \t]+)?[a-z][\w-]*[ \t].*)?$/;

/** The line without its end: a line feed, and as many carriage returns before it as telnet and terminals put there. */
export function withoutLineEnd(line: string): string {
  let to = line.length;
  if (line.charCodeAt(to - 1) === 0x0a) to--;
  while (line.charCodeAt(to - 1) === 0x0d) to--;
  return line.slice(0, to);
}

/** The prompt that a line begins with, at its first column; null when it begins with none. */
export function promptOf(line: string): Prompt | null {
  const first = line.charCodeAt(0);
  if (line.length > 4096) return null;
  // What a terminal was told in front of the prompt, or a line that was redrawn.
  if (first === 0x1b || first === 0x0d || first === 0x07) return promptShown(shown(line));
  const prompt = promptShown(line);
  return prompt !== null && hasControls(prompt.command) ? promptShown(shown(line)) : prompt;
}

function promptShown(line: string): Prompt | null {
  // Cheap refusals first: lines of sessions begin with spaces or with a label.
  if (line.charCodeAt(0) <= 0x20) return null;
  const match = named.exec(line);
  if (match !== null)
    return { user: match[1] as string, host: match[2] as string, command: (match[3] as string).trim() };
  const typed = shell.exec(line);
  if (typed !== null)
    return { user: typed[1] as string, host: typed[2] as string, command: (typed[3] ?? '').trim() };
  const short = bare.exec(line);
  if (short === null) return null;
  return { user: '', host: short[1] as string, command: (short[2] ?? '').trim() };
}

/** `{master}`, `{primary:node0}`, `{master:0}[edit]`, `[edit protocols]`: printed above a prompt. */
export function isBanner(line: string): boolean {
  return /^(?:\{[\w:.-]+\}(?:\[edit[^\]]*\])?|\[edit[^\]]*\])[ \t\r]*$/.test(line);
}

/** How a shell's prompt on the router ends (`root@lns:~ # `, `root@lns% `), where a person types `cli show …`. */
const shell = /^([^\s@:<>#%{}"',]{1,64})@([^\s@:<>#%{}"',]{1,255}):\S{1,255} [#%](?:[ \t](.*))?$/;

// eslint-disable-next-line no-control-regex -- terminals are told to print the pager's line in reverse
const pager = /^(?:\x1b\[[\d;]*m)*---\(more(?: \d{1,3}%)?\)---/;
// eslint-disable-next-line no-control-regex -- a pager erases itself with these very characters
const erasure = /^(?:[\x08\r ]|\x1b\[[\d;]*[A-Za-z])*/;

/**
 * Length of the pager's remains that the line begins with, erasures included: `---(more 45%)---`, then carriage returns,
 * backspaces, ANSI erasures and the spaces between them. Spaces behind the last of those are the line's own.
 */
export function pagerLength(line: string): number {
  let length = 0;
  for (;;) {
    const rest = line.slice(length);
    const match = pager.exec(rest);
    if (match === null) return length;
    length += match[0].length;
    const run = (erasure.exec(line.slice(length)) as RegExpExecArray)[0];
    let erased = run.replace(/ +$/, '').length;
    if (length + erased === line.length && run[erased - 1] === '\r') erased--;
    length += erased;
  }
}

/** Whether the pager's remains could stand at the beginning of the line. */
export function mayBePager(line: string): boolean {
  const first = line.charCodeAt(0);
  return (first === 0x2d || first === 0x1b) && line.slice(0, 40).includes('---(more');
}

/** What `set cli timestamp` prints before the output of each command: no year, so no clock. */
export function isTimestamp(line: string): boolean {
  return /^[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?[ \t]*$/.test(line);
}

/** A message of the router instead of, or behind, a listing. `[abort]`: somebody stopped the command, or its pager. */
export function messageOf(line: string): 'error' | 'warning' | null {
  if (/^[ \t]*(?:\^C)?\[abort\][ \t]*$/.test(line) || line === '^C') return 'error';
  if (/^[ \t]*error:/i.test(line)) return 'error';
  if (/^[ \t]*(?:syntax error|unknown command|missing argument|invalid value|ambiguous)/i.test(line))
    return 'error';
  if (/^[ \t]*'[^']*' is ambiguous/.test(line)) return 'error';
  return /^[ \t]*warning:/i.test(line) ? 'warning' : null;
}
