/** Between a router's wall clock and UTC, by the IANA zone that the fleet file gives. Intl's data; offsets cached by quarter hour. */

const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();
const quarter = 900_000;

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
  if (known === undefined) offsets.set(zone, (known = new Map()));
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

/**
 * The instant (ms UTC) at which the zone's wall clock shows `local` (seconds since 1970 on that clock). A wall time that comes
 * twice is taken as the later one that is not after `notAfter`; one that never comes, as by the offset before the gap.
 */
export function utcOfLocal(zone: string, local: number, notAfter: number): number {
  const wall = local * 1000;
  if (zone === 'UTC') return wall;
  const early = wall - zoneOffset(zone, wall - 86_400_000);
  const late = wall - zoneOffset(zone, wall + 86_400_000);
  const fits = [...new Set([early, late])].filter((utc) => utc + zoneOffset(zone, utc) === wall);
  if (fits.length === 0) return early;
  fits.sort((a, b) => b - a);
  // 2 s of grace: clocks of router and collector are not one.
  return fits.find((utc) => utc <= notAfter + 2000) ?? (fits.at(-1) as number);
}

/** Seconds since 1970 on the zone's wall clock at an instant. */
export function localOfUtc(zone: string, utc: number): number {
  return Math.floor((utc + zoneOffset(zone, utc)) / 1000);
}
