/**
 * The command line, as data: `show services l2tp session` with its options, abbreviated as the CLI lets one, and its pipes. Used on
 * what a prompt echoes, on the `command` header, and on what a person types to `reel show`.
 */
import type { Level, Scope } from '@sessionreel/session-model';

/** Filters by their CLI names, in the reference's order. */
export const filterNames = [
  'interface',
  'local-gateway',
  'local-gateway-name',
  'local-session-id',
  'local-tunnel-id',
  'peer-gateway',
  'peer-gateway-name',
  'tunnel-group',
  'user',
] as const;
export type FilterName = (typeof filterNames)[number];

const levelNames: readonly Level[] = ['brief', 'detail', 'extensive', 'statistics'];
const options: readonly string[] = [...levelNames, ...filterNames];

/** Words of the path with their neighbours in the CLI, which say how short an abbreviation may be. */
const path: readonly { readonly word: string; readonly others: readonly string[] }[] = [
  {
    word: 'show',
    others: [
      'clear',
      'configure',
      'file',
      'help',
      'monitor',
      'mtrace',
      'op',
      'ping',
      'quit',
      'request',
      'restart',
      'set',
      'ssh',
      'start',
      'telnet',
      'test',
      'traceroute',
    ],
  },
  {
    word: 'services',
    others: [
      'security',
      'shmlog',
      'sip',
      'snmp',
      'spanning-tree',
      'static-subscribers',
      'subscribers',
      'synchronous-ethernet',
      'system',
    ],
  },
  {
    word: 'l2tp',
    others: [
      'accounting',
      'alg',
      'captive-portal-content-delivery',
      'crtp',
      'flows',
      'ids',
      'ipsec-vpn',
      'link-services',
      'nat',
      'redundancy-group',
      'service-sets',
      'sessions',
      'softwire',
      'stateful-firewall',
      'subscriber',
    ],
  },
  {
    word: 'session',
    others: [
      'client',
      'destination',
      'disconnect-cause-summary',
      'multilink',
      'radius',
      'summary',
      'tunnel',
      'tunnel-group',
      'tunnel-switch',
      'user',
    ],
  },
];

/** Pipes that print every line, maybe in another form. All others may drop lines. */
const wholePipes: readonly string[] = ['display', 'hold', 'no-more', 'tee'];
const pipes: readonly string[] = [
  ...wholePipes,
  'append',
  'compare',
  'count',
  'except',
  'find',
  'last',
  'match',
  'refresh',
  'request',
  'resolve',
  'save',
  'trim',
];

export interface ParsedCommand {
  /** Without `run`, as typed. */
  readonly text: string;
  readonly isL2tpSession: boolean;
  readonly level: Level;
  /** Filters by name; an option that is not known is `unknown`, with all its words. */
  readonly scope: Scope;
  readonly display: 'text' | 'xml' | 'json';
  /** The pipe that may have dropped lines, as `match`; '' when there is none. */
  readonly dropping: string;
  /** What the router would say; null when it takes the command. */
  readonly error: CommandError | null;
}

export interface CommandError {
  /** `syntax error`, `syntax error, expecting <command>`, `missing argument.`, `'loc' is ambiguous.` */
  readonly message: string;
  /** Where in the text the router's `^` points. */
  readonly at: number;
}

interface Word {
  readonly text: string;
  readonly at: number;
}

type Match = { readonly word: string } | { readonly candidates: readonly string[] };

/** The word that an abbreviation stands for among `words`: itself, or the only one that begins with it. */
function expand(short: string, words: readonly string[]): Match {
  const lower = short.toLowerCase();
  if (words.includes(lower)) return { word: lower };
  const candidates = words.filter((word) => word.startsWith(lower));
  const only = candidates[0];
  return only !== undefined && candidates.length === 1 ? { word: only } : { candidates };
}

function errorOf(word: Word, match: { candidates: readonly string[] }): CommandError {
  const ambiguous = match.candidates.length > 0;
  return { message: ambiguous ? `'${word.text}' is ambiguous.` : 'syntax error.', at: word.at };
}

/** Words and quoted strings, in which a backslash makes a quote or another backslash a character; a pipe sign is a word of its own. */
function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"?|\||[^\s|"]+/g;
  for (let m = pattern.exec(text); m !== null; m = pattern.exec(text))
    words.push({ text: m[1]?.replace(/\\(["\\])/g, '$1') ?? m[0], at: m.index });
  return words;
}

/** Whether the line is the command alone, its prompt left out. */
export function isEchoedCommand(line: string): boolean {
  return /^(?:run[ \t]+)?sh?o?w?[ \t]+s/i.test(line) && parseCommand(line).isL2tpSession;
}

/** Reads a command as typed, with or without `run`. Never throws: what the router would refuse is in `error`. */
export function parseCommand(typed: string): ParsedCommand {
  if (typed.includes('get-l2tp-session-information')) return parseRpc(typed);
  const inShell = /^[ \t]*cli[ \t]+(?:-c[ \t]+)?(?:"([^"]*)"|'([^']*)'|(.+))/.exec(typed);
  if (inShell !== null) return parseCommand(inShell[1] ?? inShell[2] ?? (inShell[3] as string));
  const words = wordsOf(typed);
  const pipeAt = words.findIndex((w) => w.text === '|');
  const head = pipeAt < 0 ? words : words.slice(0, pipeAt);
  const tail = pipeAt < 0 ? [] : words.slice(pipeAt);
  if (head[0] !== undefined && /^ru?n?$/.test(head[0].text)) head.shift();
  const text = head[0] === undefined ? '' : typed.slice(head[0].at).trim();
  const other: ParsedCommand = {
    text,
    isL2tpSession: false,
    level: 'brief',
    scope: {},
    display: 'text',
    dropping: '',
    error: null,
  };
  for (const [i, step] of path.entries()) {
    const word = head[i];
    if (word === undefined)
      return { ...other, error: { message: 'syntax error, expecting <command>.', at: typed.length } };
    const match = expand(word.text, [step.word, ...step.others]);
    if ('candidates' in match) return { ...other, error: errorOf(word, match) };
    if (match.word !== step.word) return other;
  }
  const parsed = parseOptions(head.slice(path.length), typed.length);
  const { display, dropping } = parsePipes(tail);
  return { text, isL2tpSession: true, ...parsed, display, dropping };
}

function parseOptions(
  words: readonly Word[],
  endAt: number,
): Pick<ParsedCommand, 'level' | 'scope' | 'error'> {
  const scope: Record<string, string> = {};
  let level: Level | null = null;
  let error: CommandError | null = null;
  const unknown: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Word;
    let match = expand(word.text, options);
    // The reference types `local session-id 1`: two words for one option.
    const joined = expand(`${word.text}-${words[i + 1]?.text ?? ''}`, options);
    if ('candidates' in match && 'word' in joined && words[i + 1] !== undefined) {
      match = joined;
      i++;
    }
    if ('candidates' in match) {
      error ??= errorOf(word, match);
      unknown.push(word.text);
    } else if ((levelNames as readonly string[]).includes(match.word)) {
      if (level !== null) error ??= { message: 'syntax error.', at: word.at };
      level = match.word as Level;
    } else {
      const value = words[++i];
      if (value === undefined) {
        error ??= { message: 'missing argument.', at: endAt };
        unknown.push(match.word);
      } else scope[match.word] = value.text;
    }
  }
  if (unknown.length > 0) scope['unknown'] = unknown.join(' ');
  return { level: level ?? 'brief', scope, error };
}

function parsePipes(words: readonly Word[]): Pick<ParsedCommand, 'display' | 'dropping'> {
  let display: ParsedCommand['display'] = 'text';
  let dropping = '';
  words.forEach((word, i) => {
    if (word.text !== '|') return;
    const name = words[i + 1]?.text ?? '';
    const match = expand(name, pipes);
    const pipe = 'word' in match ? match.word : name;
    if (!wholePipes.includes(pipe)) dropping ||= pipe;
    if (pipe !== 'display') return;
    const form = (words[i + 2]?.text ?? '').toLowerCase();
    if (form !== '' && 'xml'.startsWith(form)) display = 'xml';
    else if (form !== '' && 'json'.startsWith(form)) display = 'json';
  });
  return { display, dropping };
}

/** `<get-l2tp-session-information><extensive/><interface>si-1/0/0</interface>…`, or the RPC's name alone. */
function parseRpc(typed: string): ParsedCommand {
  const scope: Record<string, string> = {};
  for (const name of filterNames) {
    const value = new RegExp(`<${name}>\\s*([^<]*?)\\s*</`).exec(typed)?.[1];
    if (value !== undefined) scope[name] = value;
  }
  const level = levelNames.find((name) => new RegExp(`<${name}\\s*/?>`).test(typed)) ?? 'brief';
  return { text: typed.trim(), isL2tpSession: true, level, scope, display: 'xml', dropping: '', error: null };
}
