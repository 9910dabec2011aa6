/**
 * Matches sessions that are predicted as a whole: the loop that reads nearly all bytes of nearly all captures. All it needs stands in
 * arrays of numbers; nothing is compiled from input.
 */
import { type StringTable } from '@sessionreel/session-model';
import { matchStep } from './fast-line.ts';
import { DurationStyle, scan, scanDuration, scanEnd, scanLow } from './fast-scan.ts';
import { Kind, type Step } from './fast-step.ts';

export interface Program {
  readonly layout: number;
  readonly lines: number;
  /** `LineTemplates.version` when it was built: another order of templates could read the same bytes otherwise. */
  readonly version: number;
  readonly steps: readonly Step[];
  /** By step: true once its value was seen to differ. */
  readonly volatile: readonly boolean[];
  /** Bytes of each step in the session that it was built from. */
  readonly seen: readonly Uint8Array[];
  /** Row with the values of the stretches. */
  readonly base: Uint32Array;
  /** Stretch `i` is followed by `reads[i]`; the last by none. */
  readonly reads: readonly Step[];
  readonly lengths: Int32Array;
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly eights: Float64Array;
  readonly eightsAt: Int32Array;
  /** The last eight bytes of a stretch. */
  readonly tails: Float64Array;
  /** What `runProgram` needs of each read. */
  readonly ops: Int32Array;
  /** For each read that is a date: the bytes of the day read last, and its seconds. */
  readonly memo: Float64Array;
}

/** How a value between two stretches is read: at once, or (`other`) by `matchStep`. */
const Op = { other: 0, uint: 1, u64: 2, counter: 3, date: 4, duration: 5, text: 6 } as const;
/** Members of `Program.ops` for each read. */
const opKind = 0;
const opSlot = 1;
const opPresenceAt = 2;
const opPresenceMask = 3;
const opFlags = 4;
const opWidth = 5;
const opStride = 6;
const spaceFlag = 1;
const u16Flag = 4;
const styleShift = 8;
const space = 0x20;
const colon = 0x3a;
const zero = 48;
/** Bytes that must be at hand behind a value's beginning for it to be read at once. */
const reach = 32;
const powers = Float64Array.from({ length: 17 }, (_, i) => 10 ** i);

/**
 * Matches a session; returns its end, −1 when its bytes are not as predicted: then the row holds anything. One
 * function with all that is read often, so that the engine has no calls to make in it.
 */
export function runProgram(
  program: Program,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  const { lengths, eights, eightsAt, tails, reads, ops, offsets, bytes: expected, memo } = program;
  let at = start;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number;
    if (at + length > end) return -1;
    if (length >= 8) {
      let k = eightsAt[i] as number;
      for (const last = at + length - 8; at <= last; at += 8, k++)
        if (view.getFloat64(at, true) !== eights[k]) return -1;
      at += length & 7;
      if (view.getFloat64(at - 8, true) !== tails[i]) return -1;
    } else {
      for (let k = offsets[i] as number, last = at + length; at < last; at++, k++)
        if (bytes[at] !== expected[k]) return -1;
    }
    if (i === 0) words.set(program.base, row);
    if (i === reads.length) break;
    const op = i * opStride;
    const kind = ops[op + opKind] as number;
    const flags = ops[op + opFlags] as number;
    let from = at;
    let isRead = false;
    if (
      kind !== Op.other &&
      at + reach <= end &&
      at >= 4 &&
      ((flags & spaceFlag) === 0 || bytes[from++] === space)
    ) {
      const slot = row + (ops[op + opSlot] as number);
      if (kind <= Op.counter) {
        let to = from;
        let value = 0;
        let digits = 0;
        const width = ops[op + opWidth] as number;
        if (width > 0) {
          // Aligned right: from the left, four places at a time; what stands before the field counts as its padding.
          to = from + width;
          let spaces = 0;
          let isNumber = !isDigit(bytes[to] as number);
          for (let place = to - ((width + 3) & -4); place < to; place += 4) {
            let group = view.getInt32(place, true);
            if (place < from) {
              const outside = -1 >>> (32 - 8 * (from - place));
              group = (group & ~outside) | (0x20202020 & outside);
            }
            const low = group & 0x0f0f0f0f;
            const blanks = (~group >>> 4) & 0x01010101;
            const isOther =
              ((group & 0xe0e0e0e0) ^ 0x20202020) |
              ((low + 0x06060606) & 0x10101010) |
              (low & Math.imul(blanks, 15));
            if (isOther !== 0) isNumber = false;
            const pairs = (Math.imul(low, 10) + (low >>> 8)) & 0x00ff00ff;
            value = value * 10_000 + (pairs & 0xff) * 100 + (pairs >>> 16);
            spaces += Math.imul(blanks, 0x01010101) >>> 24;
          }
          // As many digits as there are no spaces: so they are together, and none is a leading zero.
          const count = ((width + 3) & -4) - spaces;
          const least = count === 1 ? 0 : (powers[count - 1] as number);
          if (isNumber && count > 0 && count < 16 && value >= least && value < (powers[count] as number))
            digits = count;
        } else {
          // Those of a group that is not full are moved up, so that zeros lead.
          let count = 4;
          while (count === 4 && to - from < 16) {
            const group = view.getInt32(to, true) ^ 0x30303030;
            const others = ((group + 0x76767676) | group) & 0x80808080;
            count = others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3;
            if (count === 0) break;
            const whole = group << (32 - 8 * count);
            const pairs = (Math.imul(whole, 10) + (whole >>> 8)) & 0x00ff00ff;
            value = value * (powers[count] as number) + (pairs & 0xff) * 100 + (pairs >>> 16);
            to += count;
          }
          digits = to - from;
          if (digits > 15 || (bytes[from] === zero && digits > 1)) digits = 0;
        }
        if (digits > 0) {
          if (kind === Op.uint) {
            if (value <= ((flags & u16Flag) === 0 ? 4294967295 : 65535)) {
              words[slot] = value;
              isRead = true;
            }
          } else if (kind === Op.u64 || !isUnit(bytes[to] as number)) {
            const lowWord = value >>> 0;
            words[slot] = lowWord;
            words[slot + 1] = value < 4294967296 ? 0 : (value - lowWord) / 4294967296;
            isRead = true;
          }
        }
        if (isRead) at = to;
      } else if (kind === Op.date) {
        // The day of the session before, and another time.
        const m = i * 4;
        const isDay =
          view.getFloat64(from, true) === memo[m] &&
          view.getInt32(from + 7, true) === memo[m + 1] &&
          view.getInt32(from + 20, true) === memo[m + 2] &&
          bytes[from + 19] === space;
        const seconds = isDay ? clockAt(bytes, from + 11) : -1;
        if (seconds >= 0) {
          words[slot] = (memo[m + 3] as number) + seconds;
          at = from + 24;
          isRead = true;
        }
      } else if (kind === Op.text) {
        // The text of the session before.
        const step = reads[i] as Step;
        const { last, lastLength } = step;
        let k = 0;
        while (k < lastLength && bytes[from + k] === last[k]) k++;
        const next = bytes[from + k] as number;
        if (
          k === lastLength &&
          k > 0 &&
          (next === step.stop || next === 0x0a) &&
          (!step.free || step.taught)
        ) {
          words[slot] = step.lastId;
          at = from + k;
          isRead = at <= end;
        }
      } else {
        const seconds = clockAt(bytes, from);
        if (seconds >= 0) {
          words[slot] = seconds;
          at = from + 8;
          isRead = true;
        } else if (scanDuration(bytes, from, flags >>> styleShift)) {
          words[slot] = scan[scanLow] as number;
          at = scan[scanEnd] as number;
          isRead = true;
        }
      }
    }
    if (!isRead) {
      const step = reads[i] as Step;
      const presenceAt = row + (ops[op + opPresenceAt] as number);
      words[presenceAt] = (words[presenceAt] as number) & (ops[op + opPresenceMask] as number);
      const to = matchStep(step, bytes, at, end, words, row, strings);
      if (to < 0) return -1;
      if (kind === Op.date) remember(program, i, bytes, view, to - 24, to, words[row + step.slot] as number);
      at = to;
    }
  }
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isUnit(byte: number): boolean {
  return byte === 0x2e || (byte >= 0x61 && byte <= 0x7a);
}

/** Seconds of `14:38:23`, below a day; −1 for anything else. */
function clockAt(bytes: Uint8Array, at: number): number {
  const h = (bytes[at] as number) - zero;
  const i = (bytes[at + 1] as number) - zero;
  const m = (bytes[at + 3] as number) - zero;
  const n = (bytes[at + 4] as number) - zero;
  const s = (bytes[at + 6] as number) - zero;
  const t = (bytes[at + 7] as number) - zero;
  if (bytes[at + 2] !== colon || bytes[at + 5] !== colon) return -1;
  // Each digit as an unsigned number: what is below `0` is large then.
  const isDigits = h >>> 0 < 3 && i >>> 0 < 10 && m >>> 0 < 6 && n >>> 0 < 10 && s >>> 0 < 6 && t >>> 0 < 10;
  const hours = h * 10 + i;
  return isDigits && hours < 24 ? hours * 3600 + (m * 10 + n) * 60 + s * 10 + t : -1;
}

/** Keeps the day of a date that was read in full, for the session after. */
function remember(
  program: Program,
  read: number,
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  seconds: number,
): void {
  const { memo } = program;
  const m = read * 4;
  if (from < 0 || bytes[to - 5] !== space || bytes[from + 7] !== space || bytes[from + 10] !== space) return;
  const time = clockAt(bytes, from + 11);
  if (time < 0) return;
  memo[m] = view.getFloat64(from, true);
  memo[m + 1] = view.getInt32(from + 7, true);
  memo[m + 2] = view.getInt32(from + 20, true);
  memo[m + 3] = seconds - time;
}

/** How the engine-friendly loop of `runProgram` reads these steps. */
export function opsOf(reads: readonly Step[]): Int32Array {
  const ops = new Int32Array(reads.length * opStride);
  reads.forEach((step, i) => {
    const at = i * opStride;
    ops[at + opKind] = opOf(step);
    ops[at + opSlot] = step.slot;
    ops[at + opPresenceAt] = step.presenceAt;
    ops[at + opPresenceMask] = step.again ? -1 : ~(3 << step.presenceShift);
    ops[at + opFlags] =
      (step.hasSpace ? spaceFlag : 0) | (step.max === 0xffff ? u16Flag : 0) | (step.styleBits << styleShift);
    ops[at + opWidth] = step.width;
  });
  return ops;
}

/** Whether the step's value is read at once, without `matchStep`. */
export function isReadAtOnce(step: Step): boolean {
  return opOf(step) !== Op.other;
}

function opOf(step: Step): number {
  if (step.again || step.trims || step.width > 16 || step.width > 0 !== step.right) return Op.other;
  switch (step.kind) {
    case Kind.u32:
      return Op.uint;
    case Kind.u64:
      return Op.u64;
    case Kind.counter:
      return Op.counter;
    case Kind.date:
      return step.width === 0 ? Op.date : Op.other;
    case Kind.duration: {
      const isClock = (step.styleBits & (DurationStyle.h | DurationStyle.n)) === 0;
      return step.width === 0 && isClock ? Op.duration : Op.other;
    }
    case Kind.text:
    case Kind.word:
    case Kind.address:
      return step.inColumn || step.toEnd ? Op.other : Op.text;
    default:
      return Op.other;
  }
}
