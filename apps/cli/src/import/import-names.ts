/** What the path of a capture says of it: collectors put the router and the time into names of files, folders and archives. */
import { utcOfWall } from '../terminal/times.ts';

export interface Named {
  /** '' where it says none. */
  readonly router: string;
  /** ms UTC; undefined where it says none. */
  readonly time: number | undefined;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const month = `(?<name>${months.join('|')})[a-z]*`;
const day = '(?<day>0?[1-9]|[12]\\d|3[01])';
const year = '(?<year>(?:19|20)\\d\\d)';
/** Behind a date: `T10:00:30.123Z`, `-1000`, `_10.15`, `/10h05`, `T10:00:00+01:00`. */
const clock =
  '(?:[T_\\-. @/]{0,3}(?<hour>[01]\\d|2[0-3])[-_.:h]?(?<minute>[0-5]\\d)(?:[-_.:]?(?<second>[0-5]\\d)(?:[.,]\\d{1,9})?)?(?<zone>Z|UTC|[+-]\\d\\d:?\\d\\d(?!\\d))?)?';

/** The first that fits a text tells its time. A date may lie in folders: `2026/11/20/1000.txt`. */
const forms: readonly RegExp[] = [
  `(?<!\\d)${year}[-_./]?(?<month>0[1-9]|1[0-2])[-_./]?(?<day>0[1-9]|[12]\\d|3[01])${clock}(?!\\d)`,
  `(?<![\\da-z])${day}[-_. /]?${month}[-_. ,/]{0,2}${year}${clock}(?!\\d)`,
  `(?<![a-z])${month}[-_. /]{0,2}${day}[-_. ,/]{1,2}${year}${clock}(?!\\d)`,
  // Day, month, year, as it is written where points stand between; a month above twelve is none.
  `(?<!\\d)(?<day>0[1-9]|[12]\\d|3[01])\\.(?<month>0[1-9]|1[0-2])\\.${year}${clock}(?!\\d)`,
].map((form) => new RegExp(form, 'i'));
/** Seconds or milliseconds since 1970. */
const counted = /(?<!\d)(1\d{9}|1\d{12})(?!\d)/;

/** Words of the command, and what folders of captures are called. */
const words =
  /(?<![a-z])(?:show|services|l2tp|sessions?|extensive|brief|detail|statistics|no-more|captures?|snapshots?|archives?|backups?|outputs?|logs?|data)(?![a-z])/gi;
const endings = /(?:\.(?:txt|log|xml|json|out|cap|dump|tar|tgz|gz|zst|bz2|xz))+(?:\.\d{1,3})?$/i;

/**
 * A time, and a router by what is left of the file's name, else by its folder.
 * `lns1/2026-11-20T1000.txt`, `lns1_20261120-100000.log.gz`, `2026-11-20/lns1.txt`, `lns1/2026/11/20/1000.txt`, `20Nov2026-lns1`.
 * @param path from the folder or archive that was named on, that included
 */
export function fromName(path: string, zone: string): Named {
  const parts = path
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .map((part) => part.replace(endings, ''));
  const file = parts.at(-1) ?? '';
  // The file's own name says more than its folders, and a date in a folder goes on in the file's name.
  for (const text of [file, parts.join('/')]) {
    const found = timeIn(text, zone);
    if (
      found === undefined ||
      (text === file && !found.hasClock && timeIn(parts.join('/'), zone)?.hasClock === true)
    )
      continue;
    const left = `${text.slice(0, found.start)} ${text.slice(found.end)}`;
    const whole = text === file ? [...parts.slice(0, -1), left] : left.split('/');
    return { router: routerIn(whole), time: found.time };
  }
  return { router: routerIn(parts), time: undefined };
}

interface Found {
  readonly time: number;
  readonly start: number;
  readonly end: number;
  readonly hasClock: boolean;
}

function timeIn(text: string, zone: string): Found | undefined {
  for (const form of forms) {
    const match = form.exec(text);
    const groups = match?.groups;
    if (match === null || groups === undefined) continue;
    const of = (name: string): number => Number(groups[name] ?? 0);
    const named = groups['name'];
    const index = named === undefined ? of('month') - 1 : months.indexOf(named.toLowerCase());
    const wall = Date.UTC(of('year'), index, of('day'), of('hour'), of('minute'), of('second'));
    // The 31st of a month of thirty days is no date.
    if (new Date(wall).getUTCDate() !== of('day')) continue;
    return {
      time: momentOf(wall, groups['zone'], zone),
      start: match.index,
      end: match.index + match[0].length,
      hasClock: groups['hour'] !== undefined,
    };
  }
  const match = counted.exec(text);
  const digits = match?.[1];
  if (match === null || digits === undefined) return undefined;
  const time = Number(digits) * (digits.length === 10 ? 1_000 : 1);
  return { time, start: match.index, end: match.index + digits.length, hasClock: true };
}

function momentOf(wall: number, offset: string | undefined, zone: string): number {
  if (offset === undefined) return utcOfWall(wall, zone);
  if (/^(?:Z|UTC)$/i.test(offset)) return wall;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return offset.startsWith('-') ? wall + minutes * 60_000 : wall - minutes * 60_000;
}

/** The last part of a path in which more is left than words about the command. */
function routerIn(parts: readonly string[]): string {
  for (const part of parts.toReversed()) {
    const left = part
      .replace(words, ' ')
      .replace(/^[\s_\-.+@,]+|[\s_\-.+@,]+$/g, '')
      .replace(/\s+/g, '-');
    if (left !== '') return left;
  }
  return '';
}
