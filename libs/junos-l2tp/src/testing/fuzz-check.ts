/** What must hold for whatever bytes: shared by the bounded fuzz test and by fuzz.ts. */
import { LearnedLayouts } from '../predict/learned-layouts.ts';
import { parseCapture, printAgain, type ParsedCapture } from './parse-capture.ts';

const plain = (capture: ParsedCapture): string =>
  JSON.stringify(capture, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

export interface Finding {
  readonly what: string;
  readonly detail: string;
}

function chunksOf(bytes: Uint8Array, random: () => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * random() * 4000);
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

/** Ids of sessions as the bytes could name them. */
function holdsNumber(text: string, id: unknown): boolean {
  return new RegExp(`(^|\\D)0*${String(id)}(\\D|$)`).test(text);
}

/** Of all inputs that were tried. */
const learned = new LearnedLayouts();

/**
 * Parses the bytes predicted, with what captures before taught, plain and cut: all the same; whatever was one text reply is printed again; no session is made up. Null
 * when all holds.
 */
export function check(bytes: Uint8Array, random: () => number): Finding | null {
  const hints = { complete: random() < 0.5 };
  const whole = parseCapture([bytes], hints);
  const slow = parseCapture([bytes], hints, {}, { predict: false });
  if (plain(whole) !== plain(slow))
    return { what: 'predicted and plain differ', detail: difference(plain(whole), plain(slow)) };
  const taught = parseCapture([bytes], hints, {}, { learned });
  if (plain(taught) !== plain(slow))
    return { what: 'what others taught shows', detail: difference(plain(taught), plain(slow)) };
  const cut = parseCapture(chunksOf(bytes, random), hints);
  if (plain(whole) !== plain(cut))
    return { what: 'the cuts show', detail: difference(plain(whole), plain(cut)) };
  const text = Buffer.from(bytes).toString('latin1');
  for (const snapshot of whole.snapshots)
    for (const { record } of snapshot.sessions) {
      const { tunnel_local_id: tunnel, session_local_id: session } = record.values;
      if (!holdsNumber(text, tunnel) || !holdsNumber(text, session))
        return { what: 'a session is made up', detail: `${String(tunnel)}/${String(session)}` };
    }
  const [only] = whole.snapshots;
  if (only === undefined || whole.snapshots.length > 1 || only.facts.bytes !== bytes.length) return null;
  // What stands behind a text within XML is the envelope's, and is not printed.
  if (
    text.includes('<output') ||
    only.facts.format !== 'text' ||
    only.facts.document === '' ||
    text.includes('---(more')
  )
    return null;
  const again = Buffer.from(printAgain(only)).toString('latin1');
  return again === text ? null : { what: 'not printed again', detail: difference(text, again) };
}

function difference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const from = Math.max(0, at - 60);
  return `${JSON.stringify(a.slice(from, at + 120))} ≠ ${JSON.stringify(b.slice(from, at + 120))}`;
}
