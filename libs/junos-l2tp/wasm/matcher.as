// Matches predicted text: the loop that reads nearly all bytes of nearly all captures. AssemblyScript, compiled by
// src/predict/write-matcher.ts into matcher-binary.ts. What it matches stands in records that the host writes into its memory: no input
// ever becomes code. Each value is accepted only when printing it would give back its very bytes; what is refused here is read again by
// the plain path, so a refusal is never an error.
//
// The window of text ends with 64 zero bytes, which no literal holds and no value goes on with: nothing here looks at where it ends.

// Places in memory: see src/predict/matcher.ts.
const OUT: usize = 3072;
const MASKS: usize = 2048;
const PENDING: usize = 8192;
const PATH: usize = 12288;
const BUCKETS: usize = 16384;
const SCRATCH: usize = 24576;
const STARTS: usize = 28672;
const TRACE: usize = 20480;
const TRACE_END: usize = 24576;
const MAX_PENDING: i32 = 256;
const MAX_LINES: i32 = 1000;
const BUCKET_MASK: u32 = 1023;

// What the host is told of a text: its bytes may be any; it is an address of IPv4; it is to be kept (`keepText`).
// From bit 8: the session's number in its run.
const H_HOSTILE: u32 = 1;
const H_ADDRESS: u32 = 2;
const H_KEEP: u32 = 4;

// Members of OUT.
const PROVEN: usize = 0;
const PENDINGS: usize = 4;
const LINES: usize = 8;
const FREE_TEXT: usize = 12;
const STRANGE: usize = 16;
const PATH_HASH: usize = 24;
const TRACED: usize = 28;

// Members of a step: a literal, and perhaps a value behind it.
const STEP: usize = 88;
const KIND: usize = 0;
const LITERAL: usize = 4;
const LENGTH: usize = 8;
const SLOT: usize = 12;
const PRESENCE: usize = 16;
const SHIFT: usize = 20;
const FLAGS: usize = 24;
const WIDTH: usize = 28;
const LIMIT: usize = 32;
const STOP: usize = 36;
const ROUND_AT: usize = 40;
const ROUND_SHIFT: usize = 44;
const LAST: usize = 48;
const LAST_LENGTH: usize = 52;
const LAST_ID: usize = 56;
// At 60: the step's number, for the host.
const EPOCH: usize = 64;
// Texts in a row that were another than the one before.
const CHANGES: usize = 68;
// The text that was another than the last.
const OTHER: usize = 72;
const OTHER_LENGTH: usize = 76;
const OTHER_ID: usize = 80;

const NONE: u32 = 0;
const U32: u32 = 1;
const U64: u32 = 2;
const COUNTER: u32 = 3;
const DATE: u32 = 4;
const DURATION: u32 = 5;
// Texts of any kind are above.

const F_SPACE: u32 = 1;
const F_RIGHT: u32 = 2;
const F_PADDED: u32 = 4;
const F_COLUMN: u32 = 8;
const F_CELL: u32 = 16;
const F_TO_END: u32 = 32;
const F_TRIMS: u32 = 64;
const F_AGAIN: u32 = 128;
const F_FREE: u32 = 256;
const F_TAUGHT: u32 = 512;
const F_ADDRESS: u32 = 1024;
const F_USER: u32 = 2048;
const F_BLANK: u32 = 4096;
const F_STYLED: u32 = 8192;
const F_LOWER: u32 = 16384;

// Members of a line, before its steps. A table of lines that may come first is like one.
const STEPS_AT: usize = 112;
const STEPS: usize = 0;
const LINE_FLAGS: usize = 4;
const NEXT: usize = 8;
const HASH: usize = 12;
const AGAIN: usize = 16;
const LINE_EPOCH: usize = 20;
const MASK: usize = 32;
const FOLLOWERS: usize = 64;
const FOLLOWER: usize = 68;
const MAX_FOLLOWERS: i32 = 8;

const L_TRIMS: u32 = 1;
const L_ACTIVE: u32 = 2;
const L_BLANK: u32 = 4;
const L_BEGINS: u32 = 8;
// Lines of other captures may be tried; whether this capture would have learned the same is for the host to say.
const L_LASTING: u32 = 16;

// Members of a program, before its steps.
const BASE: usize = 4;
// Presence of the fields that must have a value: the bits of each, and what they must be.
const NEEDED: usize = 8;

const PRESENT: u32 = 1;
const EMPTY: u32 = 2;
const NOT_AVAILABLE: u32 = 3;

const SPACE: u32 = 0x20;
const COLON: u32 = 0x3a;

let pendings: i32 = 0;
let freeText: u32 = 0;
let digits: u64 = 0;
// Of the capture at hand: what was learned of texts in another means nothing.
let epoch: u32 = 0;
let rowBytes: usize = 0;
// Lines of other captures that matched; whether another layout would be learned of a value that matched.
// Where values of the session stand, for the host: beginning and end of each.
let trace: usize = TRACE;
let strange: i32 = 0;
// The session's number in its run, as texts are marked with it.
let sessionBits: u32 = 0;
let odd: u32 = 0;

export function beginCapture(number: u32): void {
  epoch = number;
}

export function init(bytesOfRow: usize): void {
  rowBytes = bytesOfRow;
  for (let i: usize = 0; i < 16; i++) {
    store<u8>(MASKS + i, 0xff);
    store<u8>(MASKS + 16 + i, 0);
  }
}

// Whether `length` bytes are the same. Both may be read up to 16 bytes beyond.
@inline
function same(a: usize, b: usize, length: usize): bool {
  while (length >= 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
    a += 16;
    b += 16;
    length -= 16;
  }
  if (length == 0) return true;
  const mask = v128.load(MASKS + 16 - length);
  return !v128.any_true(v128.and(v128.xor(v128.load(a), v128.load(b)), mask));
}

@inline
function setPresence(step: usize, row: usize, presence: u32): void {
  const at = row + load<u32>(step, PRESENCE);
  const shift = load<u32>(step, SHIFT);
  store<u32>(at, (load<u32>(at) & ~(3 << shift)) | (presence << shift));
}

function setEmpty(step: usize, row: usize, at: usize): usize {
  const flags = load<u32>(step, FLAGS);
  if (flags & F_AGAIN) return 0;
  if (flags & (F_STYLED | F_LOWER)) odd = 1;
  setPresence(step, row, EMPTY);
  return at;
}

function isEnd(byte: u32): bool {
  return byte == 0x0a || byte == 0x0d;
}

function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

@inline
function isUnit(byte: u32): bool {
  return byte == 0x2e || byte == 0x6b || byte == 0x6d || byte == 0x67 || byte == 0x74;
}

@inline
function eightDigits(x: u64): u64 {
  x = (x * 2561) >> 8;
  x = ((x & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return ((x & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

// Decimal digits without leading zeros, 19 at most, into `digits`. Returns their end; 0 when there are none or too many.
@inline
function scanDigits(from: usize): usize {
  let x = load<u64>(from) ^ 0x3030303030303030;
  let others = ((x + 0x7676767676767676) | x) & 0x8080808080808080;
  if (others != 0) {
    const bits = ctz(others) & 0x78;
    if (bits == 0) return 0;
    digits = eightDigits(x << (64 - bits));
    const to = from + (<usize>bits >> 3);
    if ((x & 0xff) == 0 && to > from + 1) return 0;
    return to;
  }
  if ((x & 0xff) == 0) return 0;
  let value = eightDigits(x);
  let at = from + 8;
  x = load<u64>(at) ^ 0x3030303030303030;
  others = ((x + 0x7676767676767676) | x) & 0x8080808080808080;
  if (others == 0) {
    value = value * 100000000 + eightDigits(x);
    at += 8;
  } else {
    const count = <u32>(ctz(others) >> 3);
    for (let i: u32 = 0; i < count; i++) value = value * 10 + load<u8>(at + i) - 48;
    digits = value;
    return at + count;
  }
  while (isDigit(load<u8>(at))) {
    value = value * 10 + load<u8>(at) - 48;
    if (++at > from + 19) return 0;
  }
  digits = value;
  return at;
}

function notAvailable(step: usize, from: usize, row: usize): usize {
  const flags = load<u32>(step, FLAGS);
  if ((load<u32>(from) & 0xffffff) != 0x412f4e || flags & F_AGAIN) return 0;
  if (flags & (F_STYLED | F_LOWER)) odd = 1;
  if ((flags & (F_FREE | F_TAUGHT)) == F_FREE) freeText = 1;
  setPresence(step, row, NOT_AVAILABLE);
  return from + 3;
}

function zerosOf(unit: u32): u32 {
  return unit == 0x6b ? 3 : unit == 0x6d ? 6 : unit == 0x67 ? 9 : unit == 0x74 ? 12 : 0;
}

// `29.0k`, where no other unit would be printed for it. `digits` are those before `to`.
function scanRounded(step: usize, from: usize, to: usize, row: usize): usize {
  // Nearly always: one decimal.
  const decimal = <u32>load<u8>(to + 1) - 48;
  const unit = zerosOf(load<u8>(to + 2));
  if (unit > 0 && decimal < 10 && load<u8>(to) == 0x2e && to - from < 4 && load<u8>(from) != 48) {
    store<u64>(row + load<u32>(step, SLOT), (digits * 10 + decimal) * tenth(unit));
    return rounded(step, unit - 1, to + 3, row);
  }
  let value: u64 = 0;
  let decimals: i32 = -1;
  let at = from;
  for (; at < from + 16; at++) {
    const c: u32 = load<u8>(at);
    if (isDigit(c)) value = value * 10 + c - 48;
    else if (c != 0x2e || decimals >= 0) break;
    if (decimals >= 0 || c == 0x2e) decimals++;
  }
  const length = <i32>(at - from);
  const zeros = <i32>zerosOf(load<u8>(at));
  const whole = decimals < 0 ? length : length - decimals - 1;
  const rounding = zeros - (decimals < 0 ? 0 : decimals);
  if (zeros == 0 || rounding < 1 || length > 14 || decimals == 0 || whole < 1 || whole > 3) return 0;
  if (load<u8>(from) == 48 && (whole > 1 || zeros != 3)) return 0;
  for (let i = 0; i < rounding; i++) value *= 10;
  if (value > 9007199254740991) return 0;
  store<u64>(row + load<u32>(step, SLOT), value);
  return rounded(step, rounding, at + 1, row);
}

// The value lacks so many digits.
@inline
function rounded(step: usize, rounding: u32, to: usize, row: usize): usize {
  const at = row + load<u32>(step, ROUND_AT);
  store<u32>(at, load<u32>(at) | (rounding << load<u32>(step, ROUND_SHIFT)));
  setPresence(step, row, PRESENT);
  return to;
}

// A tenth of thousand, million, …
@inline
function tenth(zeros: u32): u64 {
  return zeros == 3 ? 100 : zeros == 6 ? 100000 : zeros == 9 ? 100000000 : 100000000000;
}

// Two digits; 255 and more for what are none.
function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 48;
  const ones = <u32>load<u8>(at + 1) - 48;
  return tens < 10 && ones < 10 ? tens * 10 + ones : 255;
}

// Seconds of `14:38:23`, below a day; −1 for anything else.
function clockAt(at: usize): i32 {
  // Digits and colons at once: `HH:MM:SS` are eight bytes.
  const x = load<u64>(at) ^ 0x30303a30303a3030;
  if ((((x + 0x76767f76767f7676) | x) & 0x8080808080808080) != 0) return -1;
  const h = <u32>(x & 0xff) * 10 + <u32>((x >> 8) & 0xff);
  const m = <u32>((x >> 24) & 0xff) * 10 + <u32>((x >> 32) & 0xff);
  const s = <u32>((x >> 48) & 0xff) * 10 + <u32>(x >> 56);
  if (h > 23 || m > 59 || s > 59) return -1;
  return h * 3600 + m * 60 + s;
}

function monthOf(letters: u32): i32 {
  switch (letters) {
    case 0x6e614a: return 0;
    case 0x626546: return 1;
    case 0x72614d: return 2;
    case 0x727041: return 3;
    case 0x79614d: return 4;
    case 0x6e754a: return 5;
    case 0x6c754a: return 6;
    case 0x677541: return 7;
    case 0x706553: return 8;
    case 0x74634f: return 9;
    case 0x766f4e: return 10;
    case 0x636544: return 11;
    default: return -1;
  }
}

function daysBefore(month: i32): u32 {
  // 1 March is the first day of a year here: no table, and the leap day comes last.
  return month < 2 ? month * 31 : (153 * (month - 2) + 2) / 5 + 59;
}

function daysIn(month: i32): u32 {
  if (month == 1) return 28;
  return month == 3 || month == 5 || month == 8 || month == 10 ? 30 : 31;
}

function weekday(day: u32): u32 {
  switch (day) {
    case 0: return 0x756854;
    case 1: return 0x697246;
    case 2: return 0x746153;
    case 3: return 0x6e7553;
    case 4: return 0x6e6f4d;
    case 5: return 0x657554;
    default: return 0x646557;
  }
}

// `Tue Aug 24 14:38:23 2010`; a day of one digit after two spaces when `padded`, else after one. The day of the date before is kept.
function scanDate(step: usize, start: usize, row: usize): usize {
  const memo = <usize>load<u32>(step, LAST);
  if (
    load<u64>(start) == load<u64>(memo) &&
    load<u32>(start + 7) == load<u32>(memo, 8) &&
    load<u32>(start + 20) == load<u32>(memo, 12) &&
    load<u8>(start + 19) == SPACE
  ) {
    const seconds = clockAt(start + 11);
    if (seconds >= 0) {
      store<u32>(row + load<u32>(step, SLOT), load<u32>(memo, 16) + seconds);
      setPresence(step, row, PRESENT);
      if (load<u32>(step, FLAGS) & F_PADDED && load<u8>(start + 8) != SPACE) odd = 1;
      return start + 24;
    }
  }
  const month = monthOf(load<u32>(start + 4) & 0xffffff);
  if (month < 0 || load<u8>(start + 3) != SPACE || load<u8>(start + 7) != SPACE) return 0;
  const padded = (load<u32>(step, FLAGS) & F_PADDED) != 0;
  let at = start + 8;
  let day = <u32>load<u8>(at) - 48;
  if (day - 1 < 9) {
    const next = <u32>load<u8>(++at) - 48;
    if (next < 10) {
      day = day * 10 + next;
      at++;
      if (padded) odd = 1;
    } else if (padded) return 0;
  } else {
    if (!padded || load<u8>(at) != SPACE) return 0;
    day = <u32>load<u8>(at + 1) - 48;
    if (day - 1 >= 9) return 0;
    at += 2;
  }
  if (load<u8>(at) != SPACE || load<u8>(at + 9) != SPACE) return 0;
  const seconds = clockAt(at + 1);
  if (seconds < 0) return 0;
  const century = twoDigits(at + 10);
  const short = twoDigits(at + 12);
  if (century > 21 || short > 99) return 0;
  const year = century * 100 + short;
  if (year < 1970 || year > 2105) return 0;
  const leap = year % 4 == 0 && year != 2100;
  if (day > daysIn(month) + (leap && month == 1 ? 1 : 0)) return 0;
  // Leap days of full years since 1970; 2000 was one, 2100 is none.
  const before = (year - 1969) / 4 - (year > 2100 ? 1 : 0);
  const days = (year - 1970) * 365 + before + daysBefore(month) + (leap && month > 1 ? 1 : 0) + day - 1;
  if ((load<u32>(start) & 0xffffff) != weekday(days % 7)) return 0;
  store<u32>(row + load<u32>(step, SLOT), days * 86400 + seconds);
  setPresence(step, row, PRESENT);
  if (at == start + 10) {
    store<u64>(memo, load<u64>(start));
    store<u32>(memo, load<u32>(start + 7), 8);
    store<u32>(memo, load<u32>(start + 20), 12);
    store<u32>(memo, days * 86400, 16);
  }
  return at + 14;
}

const D_M: u32 = 1;
const D_WEEK_M: u32 = 2;
const D_WEEK_SHORT: u32 = 4;
const D_DAY_SHORT: u32 = 8;
const D_SHORT: u32 = 16;
const D_DAYS: u32 = 32;
const D_SECONDS: u32 = 64;

// `HH:MM:SS`, `2d 02:38:51`, `3w2d 4:19:15` … by the style's bits.
function scanDuration(step: usize, start: usize, row: usize): usize {
  const style = load<u32>(step, LIMIT);
  const slot = row + load<u32>(step, SLOT);
  if (style & D_SECONDS) {
    const to = scanDigits(start);
    if (to == 0 || digits > 0xffffffff) return 0;
    store<u32>(slot, <u32>digits);
    setPresence(step, row, PRESENT);
    return to;
  }
  if (load<u8>(start + 2) == COLON || load<u8>(start + 1) == COLON)
    return scanClock(step, start, row, (style & D_SHORT) != 0, true, 0);
  let at = scanDigits(start);
  if (at == 0 || digits > 99999) return 0;
  let days = <u32>digits;
  let weeks: u32 = 0;
  if (load<u8>(at) == 0x77) {
    if (style & D_DAYS || days == 0) return 0;
    weeks = days;
    at = scanDigits(at + 1);
    if (at == 0 || digits > 6) return 0;
    days = <u32>digits;
  } else if (!(style & D_DAYS) && days > 6) return 0;
  if (weeks + days == 0 || load<u8>(at) != 0x64 || load<u8>(at + 1) != SPACE) return 0;
  const short = (style & (weeks > 0 ? D_WEEK_SHORT : D_DAY_SHORT)) != 0;
  const seconds = (style & (weeks > 0 ? D_WEEK_M : D_M)) == 0;
  return scanClock(step, at + 2, row, short, seconds, (weeks * 7 + days) * 86400);
}

// `HH:MM:SS` below 24 hours, or `HH:MM`, added to `base`.
function scanClock(step: usize, start: usize, row: usize, short: bool, seconds: bool, base: u32): usize {
  let at = start;
  let hour: u32;
  if (load<u8>(at + 1) == COLON) {
    hour = <u32>load<u8>(at) - 48;
    if (!short || hour > 9) return 0;
    at += 1;
  } else {
    hour = twoDigits(at);
    if (short && hour < 10) return 0;
    at += 2;
  }
  const minute = twoDigits(at + 1);
  if (hour > 23 || minute > 59 || load<u8>(at) != COLON) return 0;
  let value = base + hour * 3600 + minute * 60;
  at += 3;
  if (!seconds) {
    if (load<u8>(at) == COLON) return 0;
  } else {
    const second = twoDigits(at + 1);
    if (second > 59 || load<u8>(at) != COLON) return 0;
    value += second;
    at += 3;
  }
  store<u32>(row + load<u32>(step, SLOT), value);
  setPresence(step, row, PRESENT);
  return at;
}

function beginsWithNumber(from: usize, to: usize): bool {
  let at = from;
  while (at < to && isDigit(load<u8>(at))) at++;
  return at > from && (at == to || load<u8>(at) == SPACE);
}

function forgetText(step: usize): void {
  store<u32>(step, epoch, EPOCH);
  store<u32>(step, 0, LAST_LENGTH);
  store<u32>(step, 0, OTHER_LENGTH);
  store<u32>(step, load<u32>(step, FLAGS) & ~F_TAUGHT, FLAGS);
}

// The text read last changes places with the other.
function swapTexts(step: usize): void {
  const last = v128.load(step, LAST);
  const other = v128.load(step, OTHER);
  store<u64>(step, i64x2.extract_lane(other, 0), LAST);
  store<u32>(step, i32x4.extract_lane(other, 2), LAST_ID);
  store<u64>(step, i64x2.extract_lane(last, 0), OTHER);
  store<u32>(step, i32x4.extract_lane(last, 2), OTHER_ID);
}

// The end of the text that is known if it stands here; 0 when it does not.
@inline
function knownEnd(step: usize, from: usize, flags: u32, known: usize, length: usize): usize {
  if (length == 0 || !same(from, known, length)) return 0;
  const to = from + length;
  const next: u32 = load<u8>(to);
  if (next != (flags & F_COLUMN ? SPACE : load<u32>(step, STOP)) && !isEnd(next)) return 0;
  return isHeld(step, to, flags) ? 0 : to;
}

// A text: one of the two that were read last, or another, which the host interns (`PENDING`).
function scanText(step: usize, from: usize, row: usize): usize {
  if (load<u32>(step, EPOCH) != epoch) forgetText(step);
  const flags = load<u32>(step, FLAGS);
  if (flags & F_AGAIN) return 0;
  if (flags & F_STYLED || (flags & F_LOWER && <u32>load<u8>(from) - 0x61 > 25)) odd = 1;
  const stop = load<u32>(step, STOP);
  let known = knownEnd(step, from, flags, <usize>load<u32>(step, LAST), <usize>load<u32>(step, LAST_LENGTH));
  if (known == 0) {
    known = knownEnd(step, from, flags, <usize>load<u32>(step, OTHER), <usize>load<u32>(step, OTHER_LENGTH));
    if (known != 0) swapTexts(step);
  }
  if (known != 0) {
    store<u32>(row + load<u32>(step, SLOT), load<u32>(step, LAST_ID));
    setPresence(step, row, PRESENT);
    store<u32>(step, 0, CHANGES);
    if ((flags & (F_FREE | F_TAUGHT)) == F_FREE) freeText = 1;
    return known;
  }
  // Which bytes may end the text. A colon could be a label's, and what is no ASCII needs a closer look; signed, that is below a space.
  const isToEnd = (flags & F_TO_END) != 0;
  const comma = isToEnd ? 0x0a : 0x2c;
  const other = isToEnd ? 0x0a : stop;
  const colon = flags & (F_ADDRESS | F_TO_END) ? 0x0a : COLON;
  const space = flags & F_COLUMN ? SPACE : 0x0a;
  let to = from;
  let ends: i32 = 0;
  while (true) {
    const x = v128.load(to);
    const marks = v128.or(
      v128.or(i8x16.lt_s(x, i8x16.splat(0x20)), i8x16.eq(x, i8x16.splat(<i8>comma))),
      v128.or(
        i8x16.eq(x, i8x16.splat(<i8>other)),
        v128.or(i8x16.eq(x, i8x16.splat(<i8>colon)), i8x16.eq(x, i8x16.splat(<i8>space))),
      ),
    );
    ends = i8x16.bitmask(marks);
    if (ends != 0) break;
    to += 16;
    if (to - from > 255) return 0;
  }
  to += <usize>ctz(ends);
  const c: u32 = load<u8>(to);
  if (c != comma && c != other && c != space && !isEnd(c)) return scanHostile(step, from, flags, row);
  if (isHeld(step, to, flags)) return scanHostile(step, from, flags, row);
  if (to == from || load<u8>(from) == SPACE || load<u8>(to - 1) == SPACE || to - from > 255) return 0;
  // Digits may be the number of a column before, which the plain path can tell.
  if (flags & F_CELL && beginsWithNumber(from, to)) return 0;
  if (to - from == 3 && !(flags & F_USER) && load<u8>(from + 1) == 0x2f) return notAvailable(step, from, row);
  if (!hand(step, from, to, flags & F_ADDRESS && isIPv4(from, to) ? H_ADDRESS : 0)) return 0;
  setPresence(step, row, PRESENT);
  if ((flags & (F_FREE | F_TAUGHT)) == F_FREE) freeText = 1;
  return to;
}

function isIPv4(from: usize, to: usize): bool {
  if (to - from > 15) return false;
  let part: u32 = 0;
  let digits = 0;
  let dots = 0;
  for (let at = from; at < to; at++) {
    const c: u32 = load<u8>(at);
    if (c == 0x2e) {
      if (digits == 0 || ++dots > 3) return false;
      part = 0;
      digits = 0;
    } else {
      if (!isDigit(c) || ++digits > 3) return false;
      part = part * 10 + c - 48;
      if (part > 255) return false;
    }
  }
  return dots == 3 && digits > 0;
}

// Leaves a text to the host. A text that is another each time is not worth keeping for a comparison.
function hand(step: usize, from: usize, to: usize, marks: u32): bool {
  if (pendings >= MAX_PENDING) return false;
  const changes = load<u32>(step, CHANGES) + 1;
  store<u32>(step, changes, CHANGES);
  if (changes < 8 || changes % 16 == 0) marks |= H_KEEP;
  const entry = PENDING + (<usize>pendings << 4);
  store<u32>(entry, <u32>step);
  store<u32>(entry, <u32>from, 4);
  store<u32>(entry, <u32>to, 8);
  store<u32>(entry, marks | sessionBits, 12);
  pendings++;
  return true;
}

// Whether a user name of which it is known what follows it cannot end here: it holds a comma.
function isHeld(step: usize, at: usize, flags: u32): bool {
  if ((flags & (F_USER | F_TAUGHT | F_CELL)) != (F_USER | F_TAUGHT)) return false;
  return !same(at, <usize>load<u32>(step, STEP + LITERAL), <usize>load<u32>(step, STEP + LENGTH));
}

// A user name with commas, labels and characters of any kind: it ends where what follows it stands on the line for the last time, and what
// comes behind that must match to the line's end.
function scanHostile(step: usize, from: usize, flags: u32, row: usize): usize {
  if ((flags & (F_USER | F_TAUGHT | F_CELL)) != (F_USER | F_TAUGHT)) return 0;
  const literal = <usize>load<u32>(step, STEP + LITERAL);
  const length = <usize>load<u32>(step, STEP + LENGTH);
  // A label behind a comma; at a line's end other rules hold.
  if (length < 3 || load<u8>(literal) != 0x2c || load<u8>(literal + length - 1) != COLON) return 0;
  const limit = from + 512;
  let end = from;
  for (; ; end++) {
    const c = load<u8>(end);
    if (c == 0x0a) break;
    if (c == 0 || c == 0x0d || end == limit) return 0;
  }
  let to = end - length;
  while (to > from && !(load<u8>(to) == 0x2c && same(to, literal, length))) to--;
  if (to <= from || to - from > 255) return 0;
  // White space at the ends, a no-break space too, would not be the name's.
  const first: u32 = load<u8>(from);
  const last: u32 = load<u8>(to - 1);
  if (first <= SPACE || first == 0x2c || first == 0xc2 || last <= SPACE || last == 0xa0 || last == 0x2c) return 0;
  if (!hand(step, from, to, H_HOSTILE)) return 0;
  setPresence(step, row, PRESENT);
  return to;
}

// Reads the value at `from`; its end, 0 when it is not printed so.
@inline
function scanValue(step: usize, from: usize, row: usize): usize {
  const kind = load<u32>(step, KIND);
  if (kind > DURATION) return scanText(step, from, row);
  let to: usize;
  if (kind <= COUNTER) {
    to = scanDigits(from);
    if (to == 0) return notAvailable(step, from, row);
    const slot = row + load<u32>(step, SLOT);
    if (kind == U32) {
      if (digits > <u64>load<u32>(step, LIMIT)) return 0;
      if (load<u32>(step, FLAGS) & F_AGAIN) {
        const presence = (load<u32>(row + load<u32>(step, PRESENCE)) >> load<u32>(step, SHIFT)) & 3;
        return load<u32>(slot) == <u32>digits && presence == PRESENT ? to : 0;
      }
      store<u32>(slot, <u32>digits);
    } else {
      if (kind == COUNTER && isUnit(load<u8>(to))) return scanRounded(step, from, to, row);
      store<u64>(slot, digits);
    }
    setPresence(step, row, PRESENT);
    return to;
  }
  if (kind == DURATION && load<u32>(step, FLAGS) & F_STYLED) odd = 1;
  to = kind == DATE ? scanDate(step, from, row) : scanDuration(step, from, row);
  return to == 0 ? notAvailable(step, from, row) : to;
}

// Matches one value with its padding; its end, 0 when it is not printed so.
@inline
function matchValue(step: usize, start: usize, row: usize): usize {
  const flags = load<u32>(step, FLAGS);
  const width = <usize>load<u32>(step, WIDTH);
  let at = start;
  if (flags & F_SPACE) {
    const c: u32 = load<u8>(at);
    if (c != SPACE) {
      const stop = load<u32>(step, STOP);
      return c == stop && width == 0 && stop != SPACE ? setEmpty(step, row, at) : 0;
    }
    at++;
  }
  if (width == 0) return flags & F_RIGHT ? 0 : scanValue(step, at, row);
  const padFrom = at;
  if ((flags & (F_CELL | F_COLUMN)) == (F_CELL | F_COLUMN) && load<u8>(at) == SPACE) {
    let k: usize = 0;
    while (k < width && load<u8>(at + k) == SPACE) k++;
    if (k == width) return setEmpty(step, row, at + width);
  }
  if (flags & F_RIGHT) {
    let x = load<u64>(at) ^ 0x2020202020202020;
    while (x == 0) {
      at += 8;
      x = load<u64>(at) ^ 0x2020202020202020;
    }
    at += <usize>(ctz(x) >> 3);
  }
  let to = scanValue(step, at, row);
  if (to == 0) return 0;
  const length = to - at;
  const missing = width > length ? width - length : 0;
  if (missing == 0 || !(flags & F_RIGHT)) odd = 1;
  if (flags & F_RIGHT) return at - padFrom == missing ? to : 0;
  if (flags & F_TRIMS && isEnd(load<u8>(to))) return to;
  for (let k: usize = 0; k < missing; k++, to++) if (load<u8>(to) != SPACE) return 0;
  return to;
}

// The cells from here on are missing at the line's end: printed empty. Literals there must be nothing but spaces.
function blankRest(step: usize, last: usize, row: usize, isInside: bool): bool {
  let inside = isInside;
  for (let s = step; s < last; s += STEP) {
    if (!inside && load<u32>(s, LENGTH) > 0 && !(load<u32>(s, FLAGS) & F_BLANK)) return false;
    inside = false;
    if (setEmpty(s, row, 1) == 0) return false;
  }
  return true;
}

// Matches a line. `begun`: so many bytes, its first literal, are known to stand there.
function matchSteps(line: usize, start: usize, row: usize, begun: usize): usize {
  const first = line + STEPS_AT;
  const end = first + <usize>load<u32>(line, STEPS) * STEP;
  const last = end - STEP;
  const trims = (load<u32>(line, LINE_FLAGS) & L_TRIMS) != 0;
  let at = start;
  for (let step = first; step < end; step += STEP) {
    if (trims && step > first && step < last && isEnd(load<u8>(at))) {
      if (load<u8>(at - 1) == SPACE || !blankRest(step, last, row, false)) return 0;
      step = last;
    }
    const length = <usize>load<u32>(step, LENGTH);
    if (length > 0) {
      if (length != begun && !same(at, <usize>load<u32>(step, LITERAL), length)) return 0;
      begun = 0;
      at += length;
    }
    if (load<u32>(step, KIND) == NONE) continue;
    if (trims && step < last && (step > first || length > 0) && isEnd(load<u8>(at))) {
      if (load<u8>(at - 1) == SPACE || !blankRest(step, last, row, true)) return 0;
      step = last - STEP;
      continue;
    }
    if (trace < TRACE_END) store<u32>(trace, <u32>at);
    at = matchValue(step, at, row);
    if (at == 0) return 0;
    if (trace < TRACE_END) store<u32>(trace, <u32>at, 4);
    trace += 8;
  }
  return at;
}

// Takes back the values of a line that did not match.
function clear(line: usize, row: usize): void {
  const first = line + STEPS_AT;
  const end = first + <usize>load<u32>(line, STEPS) * STEP;
  for (let step = first; step < end; step += STEP) {
    const kind = load<u32>(step, KIND);
    if (kind == NONE || load<u32>(step, FLAGS) & F_AGAIN) continue;
    setPresence(step, row, 0);
    if (kind != COUNTER) continue;
    const at = row + load<u32>(step, ROUND_AT);
    store<u32>(at, load<u32>(at) & ~(15 << load<u32>(step, ROUND_SHIFT)));
  }
}

// Whether a line's first literal stands here.
function begins(line: usize, at: usize): bool {
  return same(at, <usize>load<u32>(line, STEPS_AT + LITERAL), <usize>load<u32>(line, STEPS_AT + LENGTH));
}

// Matches a line unless it prints what was printed before; where it ends, 0 when it does not match.
function tryLine(line: usize, at: usize, row: usize): usize {
  if (!begins(line, at)) return 0;
  const known = line;
  if (printsAgain(line, row)) {
    const again = <usize>load<u32>(line, AGAIN);
    if (again == 0 || printsAgain(again, row)) return 0;
    line = again;
  }
  const before = pendings;
  const traced = trace;
  odd = 0;
  const to = matchSteps(line, at, row, <usize>load<u32>(known, STEPS_AT + LENGTH));
  const isStranger = load<u32>(known, LINE_EPOCH) != epoch;
  if (to != 0 && !(isStranger && odd)) {
    if (isStranger) strange++;
    return to;
  }
  clear(line, row);
  pendings = before;
  trace = traced;
  return 0;
}

// Whether the row holds a field already that the line prints.
function printsAgain(line: usize, row: usize): bool {
  return v128.any_true(
    v128.or(
      v128.and(v128.load(row), v128.load(line, MASK)),
      v128.and(v128.load(row, 16), v128.load(line, MASK + 16)),
    ),
  );
}

// Hash of a line's beginning: up to its first colon, its first gap of two spaces or a tab behind the indent, or its end.
function hashOf(start: usize): u32 {
  let at = start;
  while (load<u8>(at) == SPACE) at++;
  let hash: u32 = 0x811c9dc5 ^ <u32>(at - start);
  const limit = at + 48;
  for (; at < limit; at++) {
    const c: u32 = load<u8>(at);
    if (c == COLON || c == 0x0a || c == 0x0d || c == 0x09 || c == 0) break;
    if (c == SPACE && load<u8>(at + 1) == SPACE) break;
    hash = (hash ^ c) * 0x01000193;
  }
  return hash;
}

// Adds a line to those that are found by how they begin.
export function link(line: usize): void {
  const length = <usize>load<u32>(line, STEPS_AT + LENGTH);
  const from = <usize>load<u32>(line, STEPS_AT + LITERAL);
  const taken = length < 1024 ? length : 1024;
  memory.copy(SCRATCH, from, taken);
  // The literal may stop short of the gap that ends the label: two spaces stand for it.
  store<u32>(SCRATCH + taken, 0x00002020);
  const hash = hashOf(SCRATCH);
  store<u32>(line, hash, HASH);
  const bucket = BUCKETS + <usize>((hash ^ (hash >> 15)) & BUCKET_MASK) * 4;
  // At the end: the line that was known first is tried first.
  let at = bucket;
  while (load<u32>(at) != 0) at = <usize>load<u32>(at) + NEXT;
  store<u32>(at, <u32>line);
}

// Whether a line may be matched: as one that is first in its group, or as one of another capture.
function isTried(line: usize): bool {
  return (load<u32>(line, LINE_FLAGS) & (load<u32>(line, LINE_EPOCH) == epoch ? L_ACTIVE : L_LASTING)) != 0;
}

// The known line at `at` that prints these bytes; 0 when there is none.
function lookUp(at: usize, row: usize, begin: bool): usize {
  const hash = hashOf(at);
  const bucket = BUCKETS + <usize>((hash ^ (hash >> 15)) & BUCKET_MASK) * 4;
  for (let line = <usize>load<u32>(bucket); line != 0; line = <usize>load<u32>(line, NEXT)) {
    const flags = load<u32>(line, LINE_FLAGS);
    if (load<u32>(line, HASH) != hash || !isTried(line)) continue;
    if (begin && !(flags & L_BEGINS)) continue;
    const to = tryLine(line, at, row);
    if (to == 0) continue;
    found = to;
    return line;
  }
  return 0;
}

let found: usize = 0;

// `from` was followed by `line`, its follower number `place` until now (−1: none).
function follow(from: usize, line: usize, place: i32): void {
  let count = <i32>load<u32>(from, FOLLOWERS);
  if (place < 0) {
    if (count < MAX_FOLLOWERS) store<u32>(from, ++count, FOLLOWERS);
    place = count - 1;
  }
  for (let i = place; i > 0; i--) {
    const at = from + FOLLOWER + (<usize>i << 2);
    store<u32>(at, load<u32>(at - 4));
  }
  store<u32>(from, <u32>line, FOLLOWER);
}

function finish(): void {
  store<u32>(OUT, pendings, PENDINGS);
  store<u32>(OUT, freeText, FREE_TEXT);
  store<u32>(OUT, strange, STRANGE);
  store<u32>(OUT, <u32>(trace - TRACE) >> 3, TRACED);
}

function begin(): void {
  pendings = 0;
  freeText = 0;
  trace = TRACE;
  strange = 0;
}

// After a blank line, or the same place.
function blankEnd(at: usize): usize {
  const c = load<u8>(at);
  if (c == 0x0a) return at + 1;
  return c == 0x0d && load<u8>(at + 1) == 0x0a ? at + 2 : at;
}

// Whether the first step's literal of `line` stands behind blank lines.
@inline
function isProven(line: usize, start: usize): bool {
  if (line == 0) return false;
  let at = start;
  for (let next = blankEnd(at); next > at; next = blankEnd(at)) at = next;
  return begins(line, at);
}

// Matches one line, a header's. Where it ends, 0 when it does not match; the row is as before then.
export function matchLine(line: usize, at: usize, row: usize): usize {
  begin();
  const to = matchSteps(line, at, row, 0);
  if (to == 0) {
    clear(line, row);
    pendings = 0;
  }
  finish();
  return to;
}

// As `matchLine`, for whichever known line stands here, with an empty row; `OUT.LINES` is the line.
export function findLine(at: usize, row: usize): usize {
  begin();
  const line = lookUp(at, row, false);
  store<u32>(OUT, <u32>line, LINES);
  finish();
  return line == 0 ? 0 : found;
}

// Matches the lines of a session, in any order, into a row of zeros. `table`: which lines may come first. Where the last line ends, 0 when
// there is none; the lines stand in PATH, and OUT says how many, and whether another session that begins like this one follows.
export function matchSession(table: usize, start: usize, row: usize, isTable: bool): usize {
  begin();
  for (let i: usize = 0; i < rowBytes; i += 16) v128.store(row + i, i64x2.splat(0));
  let before = table;
  let at = start;
  let lines = 0;
  let first: usize = 0;
  let hash: u32 = 0x811c9dc5;
  while (lines < MAX_LINES) {
    let line: usize = 0;
    let to: usize = 0;
    const count = <i32>load<u32>(before, FOLLOWERS);
    for (let i = 0; i < count; i++) {
      const candidate = <usize>load<u32>(before + FOLLOWER + (<usize>i << 2));
      if (!isTried(candidate)) continue;
      to = tryLine(candidate, at, row);
      if (to == 0) continue;
      line = candidate;
      if (i > 0) follow(before, line, i);
      break;
    }
    if (line == 0) {
      // Another known line of a session is no end of it; whether one is there is the cheaper question.
      if (isTable || (first != 0 && begins(first, at))) break;
      line = lookUp(at, row, lines == 0);
      if (line == 0) break;
      const isBeginning = (load<u32>(line, LINE_FLAGS) & L_BEGINS) != 0;
      if (isBeginning != (lines == 0)) break;
      to = found;
      follow(before, line, -1);
    }
    store<u32>(PATH + (<usize>lines << 2), <u32>line);
    hash = (hash ^ <u32>line) * 0x01000193;
    if (lines++ == 0) first = line;
    at = to;
    before = line;
    if (isTable) break;
  }
  store<u32>(OUT, lines, LINES);
  store<u32>(OUT, hash, PATH_HASH);
  finish();
  if (lines == 0 || lines == MAX_LINES || load<u32>(before, LINE_FLAGS) & L_BLANK) return 0;
  store<u32>(OUT, isTable || isProven(first, at) ? 1 : 0, PROVEN);
  return at;
}

// Matches a session whose lines are predicted as a whole. Where it ends, 0 when its bytes are not as predicted: the row holds anything then.
@inline
function matchWhole(program: usize, start: usize, row: usize): usize {
  let step = program + 16;
  const end = step + <usize>load<u32>(program) * STEP;
  // Most that are no such session differ within their first stretch.
  let length = <usize>load<u32>(step, LENGTH);
  if (!same(start, <usize>load<u32>(step, LITERAL), length)) return 0;
  const base = <usize>load<u32>(program, BASE);
  for (let i: usize = 0; i < rowBytes; i += 16) v128.store(row + i, v128.load(base + i));
  let at = start;
  while (true) {
    at += length;
    if (load<u32>(step, KIND) != NONE) {
      at = matchValue(step, at, row);
      if (at == 0) return 0;
    }
    step += STEP;
    if (step >= end) break;
    length = <usize>load<u32>(step, LENGTH);
    if (!same(at, <usize>load<u32>(step, LITERAL), length)) return 0;
  }
  const needed = <usize>load<u32>(program, NEEDED);
  const differ = v128.or(
    v128.xor(v128.and(v128.load(row), v128.load(needed)), v128.load(needed, 32)),
    v128.xor(v128.and(v128.load(row, 16), v128.load(needed, 16)), v128.load(needed, 48)),
  );
  return v128.any_true(differ) ? 0 : at;
}

// Matches one session, `first` its first line.
export function matchProgram(program: usize, first: usize, start: usize, row: usize): usize {
  begin();
  const to = matchWhole(program, start, row);
  if (to == 0) return 0;
  finish();
  store<u32>(OUT, isProven(first, to) ? 1 : 0, PROVEN);
  return to;
}

// Matches sessions one behind the other, `count` at most, none that begins after `last`, into rows that stand `stride` bytes apart. Each
// must be followed by the beginning of another (unless `first` is 0), and hold nothing that needs a closer look. How many they are; STARTS
// says where each begins, and where the last ends.
export function matchRun(
  program: usize,
  first: usize,
  start: usize,
  last: usize,
  rows: usize,
  stride: usize,
  count: i32,
): i32 {
  begin();
  let at = start;
  let row = rows;
  let n = 0;
  for (; n < count && at <= last; n++) {
    store<u32>(STARTS + (<usize>n << 2), <u32>at);
    const before = pendings;
    sessionBits = <u32>n << 8;
    const to = matchWhole(program, at, row);
    if (to == 0 || freeText != 0 || (first != 0 && !isProven(first, to))) {
      pendings = before;
      break;
    }
    at = to;
    row += stride;
  }
  sessionBits = 0;
  store<u32>(STARTS + (<usize>n << 2), <u32>at);
  finish();
  return n;
}

// The text of a step that was read last: what texts are compared with first.
export function keepText(step: usize, from: usize, to: usize, id: u32): void {
  if (load<u32>(step, LAST_ID) == id && load<u32>(step, LAST_LENGTH) != 0) return;
  swapTexts(step);
  const last = <usize>load<u32>(step, LAST);
  const length = to - from;
  for (let i: usize = 0; i < length; i += 16) v128.store(last + i, v128.load(from + i));
  store<u32>(step, <u32>length, LAST_LENGTH);
  store<u32>(step, id, LAST_ID);
}
