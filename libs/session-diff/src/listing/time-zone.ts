/** Between a router's wall clock and UTC, by the IANA zone that the fleet file gives. Intl's data; offsets cached by quarter hour. */

const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();
const quarter = 900_000;
const day = 86_400_000;

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** True when Intl knows the zone. */
export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Offset of the zone's wall clock from UTC at an instant: ms to add to UTC. @throws RangeError for an unknown zone. */
export function zoneOffset(zone: string, utc: number): number {
  if (zone === 'UTC') return 0;
  let known = offsets.get(zone);
  if (known === undefined) offsets.set(zone, (known = new Map<number, number>()));
  // Zones change their offset at full quarters of an hour.
  const slot = Math.floor(utc / quarter);
  let offset = known.get(slot);
  if (offset === undefined) {
    const at = slot * quarter;
    const part: Record<string, number> = {};
    for (const { type, value } of formatterOf(zone).formatToParts(at)) part[type] = Number(value);
    const wall = Date.UTC(
      part['year'] ?? 0,
      (part['month'] ?? 1) - 1,
      part['day'] ?? 1,
      part['hour'] ?? 0,
      part['minute'] ?? 0,
      part['second'] ?? 0,
    );
    offset = wall - at;
    if (known.size > 10_000) known.clear();
    known.set(slot, offset);
  }
  return offset;
}

/** By zone and quarter of an hour of the wall clock: its offset, where it does not change within a day; else NaN. */
const steady = new Map<string, Map<number, number>>();

function steadyOffset(zone: string, wall: number): number {
  let known = steady.get(zone);
  if (known === undefined) steady.set(zone, (known = new Map<number, number>()));
  const slot = Math.floor(wall / quarter);
  let offset = known.get(slot);
  if (offset === undefined) {
    const early = zoneOffset(zone, wall - day);
    offset = early === zoneOffset(zone, wall + day) ? early : NaN;
    if (known.size > 10_000) known.clear();
    known.set(slot, offset);
  }
  return offset;
}

/** Instants (ms UTC) at which the zone's wall clock shows `local` (seconds): one, or two in the hour that comes twice. */
export function instantsOf(zone: string, local: number): number[] {
  const wall = local * 1000;
  if (zone === 'UTC') return [wall];
  const early = wall - zoneOffset(zone, wall - day);
  const late = wall - zoneOffset(zone, wall + day);
  if (early === late) return [early];
  const fits = [early, late].filter((utc) => utc + zoneOffset(zone, utc) === wall).sort((a, b) => a - b);
  // A wall time that never comes, in the hour that is left out, is taken by the offset before it.
  return fits.length === 0 ? [early] : fits;
}

/**
 * The instant (ms UTC) at which the zone's wall clock shows `local` (seconds since 1970 on that clock). Of a wall time that comes
 * twice: the earlier one if `early`, else the later one, unless that lies after `notAfter`.
 */
export function utcOfLocal(zone: string, local: number, notAfter: number, early = false): number {
  if (zone === 'UTC') return local * 1000;
  const offset = steadyOffset(zone, local * 1000);
  if (offset === offset) return local * 1000 - offset;
  const instants = instantsOf(zone, local);
  const last = instants.at(-1) as number;
  // 2 s of grace: clocks of router and collector are not one.
  return early || last > notAfter + 2000 ? (instants[0] as number) : last;
}

/** True when the zone's wall clock shows `local` (seconds; NaN: not known) twice. */
export const comesTwice = (zone: string, local: number): boolean =>
  !Number.isNaN(local) && instantsOf(zone, local).length > 1;

/** True when the wall time comes twice, and its first coming is nearer to `expected` (ms UTC). */
export function isEarly(zone: string, local: number, expected: number): boolean {
  if (zone === 'UTC' || !Number.isNaN(steadyOffset(zone, local * 1000))) return false;
  const [first, second] = instantsOf(zone, local) as [number, number?];
  return second !== undefined && Math.abs(first - expected) < Math.abs(second - expected);
}

/** Seconds since 1970 on the zone's wall clock at an instant. */
export function localOfUtc(zone: string, utc: number): number {
  return Math.floor((utc + zoneOffset(zone, utc)) / 1000);
}
