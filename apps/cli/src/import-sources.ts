/**
 * Captures in folders and archives: each with the router and the time that its name or its contents tell, old to new. An archive's
 * files are kept compressed in a temporary folder while they wait; none is ever held whole.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { StringTable, type SnapshotFacts } from '@sessionreel/session-model';
import { extract } from 'tar-stream';
import { nameOf, statOf } from './capture-file.ts';
import { wrongData } from './cli-error.ts';
import { compressionOf } from './spool.ts';
import { utcOfWall } from './times.ts';

export interface Source {
  /** As people know it: its path, in an archive behind the archive's. */
  readonly name: string;
  /** Where it can be read, perhaps compressed. */
  readonly path: string;
  readonly bytes: number;
  readonly changedAt: number;
  /** From its name; '' where it says none. */
  readonly router: string;
  /** ms UTC, by its contents, else its name, else the file's. */
  readonly time: number;
  /** From the name; undefined where it says none. */
  readonly namedTime: number | undefined;
}

export interface Sources {
  /** Old to new. */
  readonly sources: readonly Source[];
  /** Whether folders or archives were among them: then not every file need be a capture. */
  readonly mixed: boolean;
  readonly close: () => Promise<void>;
}

type Found = Pick<Source, 'name' | 'path'>;

/** @param zone of clocks and of times in names. @throws CliError that names the file */
export async function sourcesOf(paths: readonly string[], zone: string): Promise<Sources> {
  const folders: string[] = [];
  const found: Found[] = [];
  let mixed = false;
  const close = async (): Promise<void> => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  };
  const add = async (path: string, name: string): Promise<void> => {
    if (!(await isArchive(path))) {
      found.push({ name, path });
      return;
    }
    mixed = true;
    const folder = await mkdtemp(join(tmpdir(), 'reel-import-'));
    folders.push(folder);
    for await (const inner of unpacked(path, name, folder)) found.push(inner);
  };
  try {
    for (const path of paths) {
      const inside = await filesOf(path);
      mixed ||= inside !== undefined;
      for (const file of inside ?? [path])
        await add(file, inside === undefined ? path : join(path, relative(path, file)));
    }
    const sources: Source[] = [];
    for (const one of found) sources.push(await described(one, zone));
    // Equal times keep the order of their names, as a terminal's logs are numbered.
    sources.sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1));
    return { sources, mixed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Files below a folder, by name, hidden ones left out; undefined when it is no folder. */
async function filesOf(path: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter(
        (e) =>
          e.isFile() &&
          !relative(path, join(e.parentPath, e.name))
            .split('/')
            .some((p) => p.startsWith('.')),
      )
      .map((e) => join(e.parentPath, e.name))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    // What else is wrong with it says better who reads it.
    await statOf(path);
    throw error;
  }
}

const blockBytes = 512;

/** Whether it is a tar, perhaps compressed, by its first block. */
async function isArchive(path: string): Promise<boolean> {
  const head = await headOf(path, blockBytes);
  return head.length === blockBytes && head.toString('latin1', 257, 262) === 'ustar';
}

/** The first bytes of a file, expanded; fewer where the compression is broken. */
async function headOf(path: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stream = await expanded(path);
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= most) break;
    }
  } catch {
    // Whoever reads it whole says what is wrong with it.
  }
  return Buffer.concat(chunks).subarray(0, most);
}

async function expanded(path: string): Promise<AsyncIterable<Buffer>> {
  const compression = await compressionOf(path);
  const source = createReadStream(path);
  if (compression === 'none') return source;
  const expand = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  source.on('error', (error) => expand.destroy(error));
  return source.pipe(expand);
}

/** Files of an archive, compressed anew: text of routers takes a twentieth. */
async function* unpacked(path: string, name: string, folder: string): AsyncGenerator<Found> {
  const archive = extract();
  // What breaks off the reading ends the archive, whose iteration then fails.
  let broken: unknown;
  const feeding = pipeline(Readable.from(await expanded(path)), archive).catch((error: unknown) => {
    broken = error;
  });
  let count = 0;
  try {
    for await (const entry of archive) {
      const { type, name: inner, mtime } = entry.header;
      if (type !== 'file' || inner.split('/').some((p) => /^\.[^.]/.test(p))) {
        entry.resume();
        continue;
      }
      // Names in archives are not trusted: a number is the file's.
      const target = join(folder, `${count++}.zst`);
      await pipeline(entry, createZstdCompress(), createWriteStream(target));
      await utimes(target, mtime, mtime);
      yield { name: `${name}:${inner}`, path: target };
    }
    await feeding;
    if (broken !== undefined) throw broken as Error;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrongData(`${nameOf(name)}: the archive can not be read: ${reason}`);
  } finally {
    archive.destroy();
    await feeding;
  }
}

/** Enough for the prompt, and for the clock of the first sessions. */
const headBytes = 65_536;

async function described({ name, path }: Found, zone: string): Promise<Source> {
  const { bytes, changedAt } = await statOf(path);
  const said = fromName(name, zone);
  const clock = clockOf(await headOf(path, headBytes));
  const time = clock === undefined ? (said.time ?? Math.floor(changedAt)) : utcOfWall(clock * 1_000, zone);
  return { name, path, bytes, changedAt, router: said.router, namedTime: said.time, time };
}

/** The router's clock by the first sessions (local seconds); undefined where they print none. */
function clockOf(head: Buffer): number | undefined {
  let clock: number | undefined;
  const sink = {
    begin: ignore,
    rows: ignore,
    end: (facts: SnapshotFacts) => {
      clock ??= facts.routerClock ?? undefined;
    },
  };
  const parser = new SnapshotParser(new StringTable(), sink);
  parser.write(head);
  parser.end();
  return clock;
}

function ignore(): void {
  // Only the clock is asked for.
}

/** `2026-11-20T10:00:00Z`, `20261120-1000`, `2026-11-20_10.00.30`; or seconds or milliseconds since 1970. */
const dated =
  /(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])(?:[T_\-. ]{0,2}([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:]?([0-5]\d))?(Z)?)?(?!\d)/;
const counted = /(?<!\d)(1\d{9}|1\d{12})(?!\d)/;

/**
 * What a path says: a time, and a router by what is left of the file's name, else by its folder.
 * `lns1/2026-11-20T1000.txt`, `lns1_20261120-100000.log.gz`, `2026-11-20/lns1.txt`.
 */
export function fromName(path: string, zone: string): { router: string; time: number | undefined } {
  const parts = path.split(/\/|:(?!\d\d)/).filter((p) => p !== '' && p !== '.');
  const file = (parts.at(-1) ?? '').replace(/(?:\.(?:txt|log|xml|json|out|cap|gz|zst))+$/i, '');
  const time = timeIn(file, zone) ?? timeIn(parts.slice(0, -1).join('/'), zone);
  const left = withoutTime(file);
  if (left !== '') return { router: left, time };
  const folders = parts
    .slice(0, -1)
    .map(withoutTime)
    .filter((p) => p !== '');
  return { router: folders.at(-1) ?? '', time };
}

function timeIn(text: string, zone: string): number | undefined {
  const match = dated.exec(text);
  if (match !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', utc] = match;
    const wall = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    return utc === 'Z' ? wall : utcOfWall(wall, zone);
  }
  const digits = counted.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits) * (digits.length === 10 ? 1_000 : 1);
}

/** What is no time and no word about the command. */
function withoutTime(text: string): string {
  return basename(text)
    .replace(dated, ' ')
    .replace(counted, ' ')
    .replace(
      /(?<![a-z])(?:show|services|l2tp|sessions?|extensive|brief|detail|statistics|capture|snapshot)(?![a-z])/gi,
      ' ',
    )
    .replace(/^[\s_\-.+]+|[\s_\-.+]+$/g, '')
    .replace(/\s+/g, '-');
}
