/** Where a printed session's counters and clock stand, and how they are overwritten in place. */
import { fields, indexOfField, type Format, type Level } from '@sessionreel/session-model';
import { printDuration } from './clock.ts';
import { printRounded, rounded, roundingOf } from './values.ts';

/** Packets and bytes in turn; the LCP echoes stand in XML and JSON only. */
export const movingNames: readonly string[] = [
  'control_tx_packets',
  'control_tx_bytes',
  'control_rx_packets',
  'control_rx_bytes',
  'data_tx_packets',
  'data_tx_bytes',
  'data_rx_packets',
  'data_rx_bytes',
  'lcp_echo_req_tx_packets',
  'lcp_echo_req_rx_packets',
  'lcp_echo_rep_tx_packets',
  'lcp_echo_rep_rx_packets',
];

/** What moves from snapshot to snapshot. */
export interface Moving {
  /** In the order of `movingNames`. */
  readonly counts: Float64Array;
  /** Up time in seconds. */
  up: number;
  /** Byte counts are printed as M Series does: `29.0k`. */
  readonly rounded: boolean;
}

export interface Patch {
  /** Place of a counter among the names; −1 for the up time as printed, −2 for its seconds. */
  readonly what: number;
  readonly start: number;
  readonly end: number;
  /** The place is wider than the value, which stands at its right end. */
  readonly padded: boolean;
}

const textRows = ['Control Tx', 'Control Rx', 'Data Tx', 'Data Rx'];
const newline = 10;

export function findPatches(bytes: Buffer, format: Format, level: Level): Patch[] {
  if (level === 'brief' || level === 'detail') return [];
  if (format === 'text') return level === 'statistics' ? tabbed(bytes) : aligned(bytes);
  return leaves(bytes, format);
}

/** The table of counters has fixed columns: packets end in column 31, bytes in column 44. */
function aligned(bytes: Buffer): Patch[] {
  const patches = between(bytes, 'Up time: ', newline, -1);
  textRows.forEach((label, row) => {
    const at = bytes.indexOf(`\n      ${label} `);
    if (at < 0) return;
    const line = at + 1;
    patches.push({ what: row * 2, start: line + 7 + label.length, end: line + 31, padded: true });
    patches.push({ what: row * 2 + 1, start: line + 31, end: line + 44, padded: true });
  });
  return patches;
}

function tabbed(bytes: Buffer): Patch[] {
  return textRows.slice(2).flatMap((label, row) => {
    const packets = between(bytes, `\n${label} \t\t`, 32, 4 + row * 2);
    const after = bytes.indexOf(' \t\t\t', packets[0]?.start);
    const start = after + 4;
    return [...packets, { what: 5 + row * 2, start, end: bytes.indexOf(newline, start), padded: false }];
  });
}

function leaves(bytes: Buffer, format: Format): Patch[] {
  const xml = format === 'xml';
  const patches = xml
    ? between(bytes, '<l2tp-up-time junos:seconds="', quote, -2)
    : between(bytes, '"junos:seconds" : "', quote, -2);
  const seconds = patches[0];
  if (xml && seconds !== undefined)
    patches.push({ what: -1, start: seconds.end + 2, end: bytes.indexOf('<', seconds.end), padded: false });
  if (!xml) patches.push(...between(bytes, '"l2tp-up-time" : [\n{\n"data" : "', quote, -1));
  movingNames.forEach((name, what) => {
    const tag = fields[indexOfField(name)]?.tags[0] ?? '';
    const before = xml ? `<${tag}>` : `"${tag}" : [\n{\n"data" : "`;
    patches.push(...between(bytes, before, xml ? 0x3c : quote, what));
  });
  return patches;
}

const quote = 0x22;

function between(bytes: Buffer, before: string, after: number, what: number): Patch[] {
  const at = bytes.indexOf(before);
  if (at < 0) return [];
  const start = at + before.length;
  return [{ what, start, end: bytes.indexOf(after, start), padded: false }];
}

/** Overwrites every place; false when a value does not fit, and the session has to be printed anew. */
export function patch(bytes: Buffer, patches: readonly Patch[], moving: Moving): boolean {
  for (const { what, start, end, padded } of patches) {
    const fits =
      what >= 0 && !(moving.rounded && what % 2 === 1)
        ? writeNumber(bytes, start, end, moving.counts[what] ?? 0, padded)
        : writeText(bytes, start, end, textOf(what, moving), padded);
    if (!fits) return false;
  }
  return true;
}

function textOf(what: number, moving: Moving): string {
  if (what === -1) return printDuration(moving.up);
  if (what === -2) return String(moving.up);
  const value = BigInt(moving.counts[what] ?? 0);
  const half = roundingOf(value);
  return half === 0n ? String(value) : printRounded(rounded(value, half), half);
}

/** Digits from the right: no string is made. Exact below 2^53. */
function writeNumber(bytes: Buffer, start: number, end: number, value: number, padded: boolean): boolean {
  let rest = value;
  let at = end;
  // Nine digits at a time, in integers of 32 bits.
  while (rest >= 1e9) {
    const high = Math.floor(rest / 1e9);
    let low = (rest - high * 1e9) | 0;
    if (at - 9 < start) return false;
    for (let i = 0; i < 9; i++) {
      const next = (low / 10) | 0;
      bytes[--at] = 48 + low - next * 10;
      low = next;
    }
    rest = high;
  }
  let low = rest | 0;
  do {
    if (at === start) return false;
    const next = (low / 10) | 0;
    bytes[--at] = 48 + low - next * 10;
    low = next;
  } while (low > 0);
  if (!padded) return at === start;
  while (at > start) bytes[--at] = 32;
  return true;
}

function writeText(bytes: Buffer, start: number, end: number, text: string, padded: boolean): boolean {
  const width = end - start;
  if (text.length > width || (!padded && text.length < width)) return false;
  bytes.write(text.padStart(width), start, 'latin1');
  return true;
}
