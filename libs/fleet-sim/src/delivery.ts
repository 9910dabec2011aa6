/** From a listing to messages: printed, framed, split, cut, and delivered late, twice or not at all. */
import type { SessionRecord } from '@sessionreel/session-model';
import type { Capture, CaptureFault, Ending } from './capture.ts';
import type { CaptureFaults } from './faults.ts';
import { framed } from './frame.ts';
import { printJson, printXml } from './markup.ts';
import type { Node } from './model.ts';
import type { Prng } from './prng.ts';
import { noBreakIndent, printText, type Piece, type TextStyle, type TunnelGroup } from './text.ts';
import type { CaptureTruth, ListedSession, ListingTruth } from './truth.ts';
import type { ValueStyle } from './values.ts';

/** A listing as it came off the router, and how it is to be captured. */
export interface Printed {
  readonly node: Node;
  readonly truth: ListingTruth;
  readonly faults: ReadonlySet<CaptureFault>;
  /** Text without prompts, whose end only the collector knows. */
  readonly declared: boolean;
  readonly partSessions: number;
  readonly xml: 'reply' | 'rpc' | 'bare';
}

type Draft = Omit<Capture, 'at'>;

/** The messages of a listing, in order. `noise` stands in place of the listing. */
export function makeCaptures(printed: Printed, noise: Uint8Array | null, prng: Prng): Draft[] {
  if (noise !== null) {
    const truth: CaptureTruth = { listing: null, first: 0, whole: 0, partial: false, ended: false };
    return [draft(printed, { bytes: noise, truth, ending: 'open', complete: null, part: null })];
  }
  const { truth, partSessions, faults } = printed;
  const count = truth.sessions.length;
  const size = partSessions === 0 ? Math.max(1, count) : partSessions;
  const starts: number[] = [];
  for (let first = 0; first === 0 || first < count; first += size) starts.push(first);
  // A listing that was cut has no parts beyond the cut: nobody knew of them.
  const sent = faults.has('cut') ? starts.slice(0, prng.int(1, starts.length)) : starts;
  return sent.map((first, index) => {
    const last = index === sent.length - 1;
    const place = { first, size, index, of: sent.length, last };
    return makePart(printed, place, faults.has('cut') && last, prng);
  });
}

interface Place {
  readonly first: number;
  readonly size: number;
  readonly index: number;
  readonly of: number;
  readonly last: boolean;
}

function makePart(printed: Printed, place: Place, cut: boolean, prng: Prng): Draft {
  const { truth, node, faults, declared } = printed;
  const sessions = truth.sessions.slice(place.first, place.first + place.size);
  const text = truth.format === 'text';
  const split = place.of > 1;
  const closing = text && !split && !declared && !faults.has('open');
  let pieces = print(printed, sessions);
  if (faults.has('error_after_rows') && place.last)
    pieces.push({ text: 'error: timeout communicating with jl2tpd daemon\n', session: -1 });
  if (text || !declared)
    pieces = framed(pieces, {
      prompt: !declared && place.index === 0,
      closing: !split && !declared && !faults.has('open'),
      promptName: `noc@${node.spec.name}`,
      command: commandOf(printed),
      banner: node.spec.platform === 'mx' && node.spec.role === 'lns' ? '{master}' : '',
      pagerLines: faults.has('pager') ? 24 : 0,
      crlf: faults.has('crlf'),
    });
  const whole = bytesOf(pieces);
  const part = split ? { number: place.index + 1, of: place.of } : null;
  const beforeEnd = whole.length - (text ? 2 : Buffer.byteLength(tailOf(pieces)));
  if (cut && beforeEnd > 0) {
    const bytes = whole.subarray(0, prng.int(1, beforeEnd));
    const seen = countBefore(pieces, bytes.length);
    const capture: CaptureTruth = { listing: truth, first: place.first, ...seen, ended: false };
    return draft(printed, { bytes, truth: capture, ending: 'cut', complete: split ? false : null, part });
  }
  const ending: Ending = !text ? 'closed' : closing ? 'prompt' : faults.has('open') ? 'open' : 'declared';
  // Nothing at all proves nothing, whoever saw its end.
  const ended = ending !== 'open' && whole.length > 0 && (truth.finished || !place.last);
  const capture: CaptureTruth = {
    listing: truth,
    first: place.first,
    whole: sessions.length,
    partial: false,
    ended,
  };
  const complete = ending === 'declared' ? true : null;
  return draft(printed, { bytes: whole, truth: capture, ending, complete, part });
}

/** What closes an XML or JSON document, and what follows: a cut in there would leave it closed, or nearly so. */
function tailOf(pieces: readonly Piece[]): string {
  const last = pieces.findLastIndex(
    (piece) => piece.text.includes('</service-l2tp') || piece.text.endsWith(']\n}\n'),
  );
  return pieces
    .slice(last)
    .map((piece) => piece.text)
    .join('');
}

/** By thousands: the text of a full chassis is longer than a string may be. */
function bytesOf(pieces: readonly Piece[]): Buffer {
  const chunks: Buffer[] = [];
  for (let i = 0; i < pieces.length; i += 1000) {
    const texts = pieces.slice(i, i + 1000).map((piece) => piece.text);
    chunks.push(Buffer.from(texts.join('')));
  }
  return Buffer.concat(chunks);
}

/** How many sessions end before a byte, and whether another one has begun. */
function countBefore(pieces: readonly Piece[], end: number): { whole: number; partial: boolean } {
  let offset = 0;
  let whole = 0;
  for (const piece of pieces) {
    const start = offset;
    offset += Buffer.byteLength(piece.text);
    if (piece.session < 0) continue;
    if (offset > end) return { whole, partial: start < end };
    whole++;
  }
  return { whole, partial: false };
}

function print(printed: Printed, sessions: readonly ListedSession[]): Piece[] {
  const { node, truth, xml } = printed;
  const { spec, variant } = node;
  const style: ValueStyle = {
    durations: spec.durations,
    paddedDays: spec.paddedDays,
    lowerCaseMode: variant === 'lns-m',
  };
  const groups = grouped(sessions);
  if (truth.format === 'xml') return printXml(groups, { around: xml, release: spec.release }, style);
  if (truth.format === 'json') return printJson(groups, spec.release, style);
  const indents: TextStyle['indents'] = spec.noBreakIndents ? { user: noBreakIndent } : {};
  return printText(groups, variant, truth.level, { ...style, indents });
}

function grouped(sessions: readonly ListedSession[]): TunnelGroup[] {
  const groups: { id: unknown; sessions: SessionRecord[] }[] = [];
  for (const { record } of sessions) {
    const id = record.values['tunnel_local_id'];
    const last = groups.at(-1);
    if (last !== undefined && last.id === id) last.sessions.push(record);
    else groups.push({ id, sessions: [record] });
  }
  return groups;
}

/** In quotes where the CLI wants them. */
function typed(value: string): string {
  return /[\s|"\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value;
}

function commandOf({ truth }: Printed): string {
  const words = ['show services l2tp session'];
  if (truth.level !== 'brief') words.push(truth.level);
  for (const [name, value] of Object.entries(truth.scope)) words.push(name, typed(value));
  if (truth.format !== 'text') words.push(`| display ${truth.format}`);
  words.push('| no-more');
  return words.join(' ');
}

type Told = Pick<Draft, 'bytes' | 'truth' | 'ending' | 'complete' | 'part'>;

function draft(printed: Printed, told: Told): Draft {
  const { node, truth, faults } = printed;
  const { startedAt, level, format, scope } = truth;
  return {
    kind: 'capture',
    router: node.spec.name,
    capturedAt: startedAt,
    format,
    level,
    scope,
    command: commandOf(printed),
    timezone: node.spec.timezone,
    snapshotId: told.part === null ? null : `${node.spec.name}-${level}-${startedAt}`,
    faults: [...faults],
    ...told,
  };
}

/** When each message arrives: soon and in order, unless something is wrong with the way. */
export function faultyDelivery(
  drafts: readonly Draft[],
  at: number,
  everyMs: number,
  rates: CaptureFaults,
  prng: Prng,
): Capture[] {
  const added: CaptureFault[] = [];
  let delay = prng.int(20, 400);
  if (prng.chance(rates.late)) {
    added.push('late');
    // Behind another poll's captures, never between their parts.
    delay += everyMs * prng.int(1, 3) + 2000;
  }
  let sent = [...drafts];
  if (sent.length > 1 && prng.chance(rates.missingPart)) {
    added.push('missing_part');
    sent.splice(prng.int(0, sent.length - 1), 1);
  }
  if (sent.length > 1 && prng.chance(rates.shuffledParts)) {
    added.push('shuffled_parts');
    sent = prng.shuffle(sent);
  }
  const captures = sent.map((capture, n) => {
    return { ...capture, at: at + delay + n * 5, faults: [...capture.faults, ...added] };
  });
  if (!prng.chance(rates.duplicate)) return captures;
  const again = prng.int(1000, 60_000);
  const twice = captures.map((capture): Capture => {
    return { ...capture, at: capture.at + again, faults: [...capture.faults, 'duplicate'] };
  });
  return [...captures, ...twice];
}
