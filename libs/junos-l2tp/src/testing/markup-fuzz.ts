/**
 * Hostile XML and JSON by mutation: fixtures are cut, swapped, repeated, flipped, nested deep and given huge numbers, from a seed. What
 * must hold of any input is `checkMarkup`. Tests run a bounded share; a longer run calls `fuzzMarkup` with more inputs.
 */
import { SaxesParser } from 'saxes';
import { markupFixtures, parseMarkup, printParsed, told, type Parsed } from './markup-fixture.ts';

/** A small seeded generator (mulberry32): numbers in [0, n). */
function randomOf(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}

const shards = [
  '<l2tp-session-entry>',
  '</l2tp-session-entry>',
  '<l2tp-session-table>',
  '</service-l2tp-session-information>',
  '<rpc-reply>',
  '</rpc-reply>',
  '<l2tp-session-local-id>7</l2tp-session-local-id>',
  '<l2tp-tunnel-local-id>8</l2tp-tunnel-local-id>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  ']]>]]>',
  '<!DOCTYPE x>',
  '<?x',
  '?>',
  '&amp;',
  '&#x110000;',
  '&#0;',
  '&bogus;',
  '&',
  '<',
  '>',
  '/>',
  '"',
  "'",
  '=',
  ' junos:seconds="99999999999"',
  '<xnm:error>',
  '<rpc-error>',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"data"',
  '[null]',
  'null',
  '\\u',
  '\\ud800',
  '\\"',
  '\\',
  '"l2tp-session-entry":[{',
  '1e999',
  '-',
  '\n#5\n',
  '\n##\n',
  '\0',
  '\u001b[2J',
  '\ufeff',
  'é',
  '18446744073709551616',
  '999999999999999999999999999999',
  'N/A',
  '\r\n',
  '\n',
  ' ',
];

/** A mutation of `bytes`, sometimes of several of its parts. */
function mutate(bytes: Buffer, random: (n: number) => number): Buffer {
  let result = bytes;
  for (let i = 1 + random(4); i > 0; i--) {
    const a = random(result.length + 1);
    const b = Math.min(result.length, a + 1 + random(random(8) === 0 ? result.length + 1 : 60));
    const [head, middle, tail] = [result.subarray(0, a), result.subarray(a, b), result.subarray(b)];
    const shard = Buffer.from(shards[random(shards.length)] as string);
    switch (random(9)) {
      case 0:
        result = Buffer.concat([head, tail]);
        break;
      case 1:
        result = Buffer.concat([head, middle, middle, tail]);
        break;
      case 2:
        result = Buffer.concat([middle, head, tail]);
        break;
      case 3: {
        result = Buffer.from(result);
        if (a < result.length) result[a] = (result[a] as number) ^ (1 << random(8));
        break;
      }
      case 4:
        result = head;
        break;
      case 5:
        result = Buffer.concat([
          head,
          Buffer.concat(Array.from({ length: 1 + random(200) }, () => shard)),
          tail,
        ]);
        break;
      case 6:
        result = Buffer.concat([head, Buffer.from(String(random(2 ** 31)).repeat(1 + random(30))), tail]);
        break;
      default:
        result = Buffer.concat([head, shard, random(2) === 0 ? middle : Buffer.alloc(0), tail]);
    }
    if (result.length > 60_000) result = result.subarray(0, 60_000);
  }
  return result;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What is wrong with how these bytes were read; '' when nothing is. */
export function checkMarkup(format: 'xml' | 'json', bytes: Buffer, cuts: readonly number[]): string {
  const parsed = parseMarkup(format, bytes);
  const all = told(parsed);
  if (told(parseMarkup(format, bytes, [], {}, false)) !== all) return 'prediction changes what is read';
  if (told(parseMarkup(format, bytes, cuts)) !== all) return 'cuts change what is read';
  const text = latin1(bytes);
  for (const { values } of parsed.records)
    for (const name of ['session_local_id', 'tunnel_local_id'])
      if (!text.includes(String(values[name])))
        return `a session that nobody printed: ${String(values[name])}`;
  if (parsed.refused !== null)
    return parsed.records.length === 0 || parsed.facts.errors.length > 0 ? '' : 'refused with rows';
  if (parsed.facts.document !== '' && isUtf8(bytes)) {
    const printed = Buffer.concat([printParsed(parsed), Buffer.from(parsed.rest)]);
    if (!printed.equals(bytes)) return 'prints otherwise';
  }
  return parsed.facts.complete && isUtf8(bytes) ? checkByPeer(format, bytes, parsed) : '';
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

/** What we call whole must be well-formed to a peer. It is stricter about characters: those inputs are not compared. */
function checkByPeer(format: 'xml' | 'json', bytes: Buffer, parsed: Parsed): string {
  const reply = bytes.subarray(0, bytes.length - Buffer.byteLength(parsed.rest)).toString('utf8');
  try {
    if (format === 'json') JSON.parse(reply.replace(/^\ufeff/, ''));
    else if (!reply.includes('\n#'))
      new SaxesParser().write(reply.replace(/(?<=>)\s*\]{1,2}(?:>(?:\]{1,2}>?)?)?\s*$/, '')).close();
    return '';
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return isStricter(message) ? '' : `whole to us, not to the peer: ${message}`;
  }
}

/** The peer's reasons that our reader does not share, on purpose. */
function isStricter(message: string): boolean {
  return /control character|disallowed character|duplicate attribute|"\]\]>" is disallowed|malformed comment|xml declaration|expected one of|encoding value|version number|processing instruction|unescaped '<'|malformed character entity/i.test(
    message,
  );
}

export interface FuzzFinding {
  readonly format: 'xml' | 'json';
  readonly seed: number;
  readonly problem: string;
  readonly input: Buffer;
}

let corpus: Readonly<Record<'xml' | 'json', ReturnType<typeof markupFixtures>>> | null = null;

/** Tries `inputs` mutations from `seed` on; returns what it found. Input `i` depends on `seed + i` alone. */
export function fuzzMarkup(inputs: number, seed: number): FuzzFinding[] {
  const findings: FuzzFinding[] = [];
  corpus ??= { xml: markupFixtures('xml'), json: markupFixtures('json') };
  for (let i = 0; i < inputs; i++) {
    const random = randomOf(seed + i);
    const format = random(2) === 0 ? 'xml' : 'json';
    const fixture = corpus[format][random(corpus[format].length)];
    const input = mutate(Buffer.from(fixture?.bytes ?? ''), random);
    const cuts = [
      ...new Set([random(input.length + 1), random(input.length + 1), random(input.length + 1)]),
    ].sort((a, b) => a - b);
    let problem: string;
    try {
      problem = checkMarkup(format, input, cuts);
    } catch (error) {
      problem = `throws ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    if (problem !== '') findings.push({ format, seed: seed + i, problem, input });
  }
  return findings;
}
