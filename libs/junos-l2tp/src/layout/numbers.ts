/** Numbers from bytes. What is no number, or too large, is told and never guessed. */

/** As `readInteger` says. Results of a read: module state, so that the hot path makes no object. */
export const number = {
  /** Low and high word of the value read last. */
  low: 0,
  high: 0,
  /** Rounding as in `setRounding`: 0 exact, else n for a half-width of 5 × 10^(n-1). */
  rounding: 0,
};

const maxU64 = 2n ** 64n - 1n;

/** Decimal digits only, up to 2^64 − 1, into `number.low` and `number.high`. False when it is anything else. */
export function readU64(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length <= 0) return false;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  number.rounding = 0;
  if (length <= 15) setWords(value);
  else return readLargeU64(bytes, start, end);
  return true;
}

function setWords(value: number): void {
  number.low = value >>> 0;
  number.high = (value - number.low) / 4294967296;
}

function setBigWords(value: bigint): void {
  number.low = Number(value & 0xffffffffn);
  number.high = Number(value >> 32n);
}

function readLargeU64(bytes: Uint8Array, start: number, end: number): boolean {
  while (start < end - 1 && bytes[start] === 48) start++;
  if (end - start > 20) return false;
  const value = BigInt(String.fromCharCode(...bytes.subarray(start, end)));
  if (value > maxU64) return false;
  setBigWords(value);
  return true;
}

/** Decimal digits only, up to `max` (< 2^53). −1 when it is anything else. */
export function readUint(bytes: Uint8Array, start: number, end: number, max: number): number {
  if (end <= start || end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > max ? -1 : value;
}

const exponents: Readonly<Record<string, number>> = { k: 3, m: 6, g: 9, t: 12 };
/** Unit letters by how many zeros they stand for, largest first: for printing. */
export const units: readonly (readonly [letter: string, zeros: number])[] = [
  ['t', 12],
  ['g', 9],
  ['m', 6],
  ['k', 3],
];

/** A counter: as `readU64`, or rounded to decimal thousands (`29.0k`, `1m`, `12.34g`; either case). */
export function readCounter(bytes: Uint8Array, start: number, end: number): boolean {
  const last = bytes[end - 1] as number;
  if (last >= 48 && last <= 57) return readU64(bytes, start, end);
  if (end - start < 2 || end - start > 40) return false;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  const match = /^(\d+)(?:\.(\d+))?([kmgt])$/i.exec(text);
  if (match === null) return false;
  const decimals = match[2] ?? '';
  const rounding = (exponents[(match[3] as string).toLowerCase()] as number) - decimals.length;
  if (rounding < 0) return false;
  const value = BigInt((match[1] as string) + decimals) * 10n ** BigInt(rounding);
  if (value > maxU64) return false;
  setBigWords(value);
  number.rounding = rounding;
  return true;
}
