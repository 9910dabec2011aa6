/** One value as the CLI prints it. */
import { fieldIndex, fields, type FieldValue, type SessionRecord } from '@sessionreel/session-model';
import { printDateTime, printDuration, type DurationStyle } from './clock.ts';

/** How a router prints values; what differs between releases and platforms beside the layout. */
export interface ValueStyle {
  readonly durations: DurationStyle;
  /** `Aug  1` instead of `Aug 1`. */
  readonly paddedDays: boolean;
  /** Modes in lower case (`shared`), as M Series prints them; others print `Dedicated`. */
  readonly lowerCaseMode: boolean;
}

export const plainStyle: ValueStyle = { durations: 'seconds', paddedDays: false, lowerCaseMode: false };

/**
 * The printed value; undefined when the field is not known and nothing is printed. Text prints a speed's source beside it, XML
 * and JSON in a leaf of its own.
 */
export function printValue(
  record: SessionRecord,
  field: string,
  style: ValueStyle,
  withSource = true,
): string | undefined {
  const value = record.values[field];
  if (value === undefined) return undefined;
  if (value === null) return 'N/A';
  if (value === '') return '';
  switch (field) {
    case 'state':
      return capital(String(value));
    case 'mode':
      return style.lowerCaseMode ? String(value) : capital(String(value));
    case 'tx_speed':
    case 'rx_speed':
      return printSpeed(record.values, field, value, withSource);
    case 'local_ip':
    case 'remote_ip':
      return joined(value, ':', record.values[field.replace('_ip', '_port')]);
    case 'peer_ip':
      return joined(value, '/', record.values['peer_prefix_length']);
    default:
  }
  const half = record.rounding[field];
  if (half !== undefined) return printRounded(BigInt(value), half);
  switch (typeOf(field)) {
    case 'datetime':
      return printDateTime(Number(value), style.paddedDays);
    case 'duration':
      return printDuration(Number(value), style.durations);
    default:
      return String(value);
  }
}

function typeOf(field: string): string | undefined {
  const index = fieldIndex.get(field);
  return index === undefined ? undefined : fields[index]?.type;
}

/** States are printed with a capital (`Established`), but for the LNS's own (`lns-ic-wait-connect`). */
function capital(text: string): string {
  return text.startsWith('lns-') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** `initial 64000, Update 256000`, `256000, source ancp` or the bare number, as far as the record knows. */
function printSpeed(
  values: SessionRecord['values'],
  field: string,
  value: FieldValue,
  withSource: boolean,
): string {
  const initial = values[`${field}_initial`];
  const source = values[`${field}_source`];
  const speed = initial === undefined ? String(value) : `initial ${String(initial)}, Update ${String(value)}`;
  return source === undefined || !withSource ? speed : `${speed}, source ${String(source)}`;
}

function joined(value: FieldValue, separator: string, second: FieldValue | undefined): string {
  return second === undefined ? String(value) : `${String(value)}${separator}${String(second)}`;
}

const units = ['', 'k', 'm', 'g', 't'];

/** `29.0k` for 29,000 ± 50: decimal thousands with one digit after the point. */
export function printRounded(value: bigint, half: bigint): string {
  const tenths = value / (2n * half);
  const unit = units[Math.ceil((String(half).length - 1) / 3)] ?? '';
  return `${String(tenths / 10n)}.${String(tenths % 10n)}${unit}`;
}

/** Half-width of the interval in which M Series prints a number: 0 below 10,000, which is printed whole. */
export function roundingOf(value: bigint): bigint {
  if (value < 10_000n) return 0n;
  if (value < 1_000_000n) return 50n;
  if (value < 1_000_000_000n) return 50_000n;
  if (value < 1_000_000_000_000n) return 50_000_000n;
  return 50_000_000_000n;
}

/** The number that `printRounded` shows for a value: rounded half up. */
export function rounded(value: bigint, half: bigint): bigint {
  return half === 0n ? value : ((value + half) / (2n * half)) * (2n * half);
}
