/**
 * Captures in folders and archives: each with the router and the time that its name or its contents tell, old to new. An archive's
 * files are kept compressed in a temporary folder while they wait; none is ever held whole.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { StringTable, type SnapshotFacts } from '@sessionreel/session-model';
import { extract } from 'tar-stream';
import { nameOf, statOf } from './capture-file.ts';
import { wrongData } from '../terminal/cli-error.ts';
import { fromName } from './import-names.ts';
import { compressionOf } from './spool.ts';
import { utcOfWall } from '../terminal/times.ts';

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

/** `said` is the part of its path that may say something of it. */
type Found = Pick<Source, 'name' | 'path'> & { readonly said: string };

/** @param zone of clocks and of times in names. @throws CliError that names the file */
export async function sourcesOf(paths: readonly string[], zone: string): Promise<Sources> {
  const folders: string[] = [];
  const found: Found[] = [];
  let mixed = false;
  const close = async (): Promise<void> => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  };
  const add = async (path: string, name: string, said: string): Promise<void> => {
    if (!(await isArchive(path))) {
      found.push({ name, path, said });
      return;
    }
    mixed = true;
    const folder = await mkdtemp(join(tmpdir(), 'reel-import-'));
    folders.push(folder);
    for await (const inner of unpacked(path, name, folder))
      found.push({ name: `${name}:${inner.name}`, path: inner.path, said: `${said}/${inner.name}` });
  };
  try {
    for (const path of paths) {
      const inside = await filesOf(path);
      mixed ||= inside !== undefined;
      if (inside === undefined) await add(path, path, join(basename(dirname(path)), basename(path)));
      for (const file of inside ?? []) {
        const inner = relative(path, file);
        // Folders above the one that was named say nothing of what is in it.
        await add(file, join(path, inner), join(basename(resolve(path)), inner));
      }
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
  try {
    for await (const chunk of expanded(path)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= most) break;
    }
  } catch {
    // Whoever reads it whole says what is wrong with it.
  }
  return Buffer.concat(chunks).subarray(0, most);
}

/** Closes the file, however far it was read: an archive may hold more files than may be open. */
async function* expanded(path: string): AsyncGenerator<Buffer> {
  const compression = await compressionOf(path);
  const source = createReadStream(path);
  try {
    if (compression === 'none') {
      yield* source as AsyncIterable<Buffer>;
      return;
    }
    const expand = compression === 'gzip' ? createGunzip() : createZstdDecompress();
    source.on('error', (error) => expand.destroy(error));
    yield* source.pipe(expand) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

/** Files of an archive, compressed anew: text of routers takes a twentieth. */
async function* unpacked(
  path: string,
  name: string,
  folder: string,
): AsyncGenerator<Pick<Source, 'name' | 'path'>> {
  const archive = extract();
  // What breaks off the reading ends the archive, whose iteration then fails.
  let broken: unknown;
  const feeding = pipeline(Readable.from(expanded(path)), archive).catch((error: unknown) => {
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
      yield { name: inner, path: target };
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

async function described({ name, path, said: text }: Found, zone: string): Promise<Source> {
  const { bytes, changedAt } = await statOf(path);
  const said = fromName(text, zone);
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
