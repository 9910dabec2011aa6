/** Quantities as people read them: decimal units, as rates are sold. */

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** `1.25 Gbit/s`; three digits are enough to compare. */
export function scaled(value: number, unit: string): string {
  let step = 0;
  let left = Math.abs(value);
  while (left >= 999.5 && step < prefixes.length - 1) {
    left /= 1_000;
    step++;
  }
  const digits = step === 0 && Number.isInteger(left) ? 0 : left < 10 ? 2 : left < 100 ? 1 : 0;
  return `${value < 0 ? '-' : ''}${left.toFixed(digits)} ${prefixes[step] ?? ''}${unit}`;
}

export const shownRate = (bitPerSecond: number): string => scaled(bitPerSecond, 'bit/s');

/** `12.0 GB`, `12.0 GB ± 50 MB`. */
export function shownBytes(bytes: bigint, error = 0n): string {
  const bound = error === 0n ? '' : ` ± ${scaled(Number(error), 'B')}`;
  return `${scaled(Number(bytes), 'B')}${bound}`;
}

/** `12.3 %`; null is not known. */
export const shownShare = (share: number | null): string =>
  share === null ? 'unknown' : `${(share * 100).toFixed(1)} %`;
