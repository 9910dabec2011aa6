/** Captures as files that can be read twice: standard input and compressed files go to a temporary file first. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { chunksOf, nameOf, statOf } from './capture-file.ts';
import { wrongData } from '../terminal/cli-error.ts';
import type { Io } from '../terminal/terminal.ts';

/** What a compressed capture may expand to. */
const expandedBytesMost = 64 * 2 ** 30;

export interface Spooled {
  readonly path: string;
  readonly bytes: number;
  /** When the file was last written (ms); now for standard input. */
  readonly changedAt: number;
  close(): Promise<void>;
}

/** @throws CliError (status 1) that names the file */
export async function spool(file: string, io: Io): Promise<Spooled> {
  const compression = file === '-' ? 'none' : await compressionOf(file);
  if (file !== '-' && compression === 'none') {
    return { path: file, ...(await statOf(file)), close: () => Promise.resolve() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'reel-import-'));
  const path = join(folder, 'capture');
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const changedAt = file === '-' ? io.now() : (await statOf(file)).changedAt;
    const source = Readable.from(chunksOf(file, io));
    const target = createWriteStream(path);
    if (compression === 'none') await pipeline(source, target);
    else {
      const expand = compression === 'gzip' ? createGunzip() : createZstdDecompress();
      await pipeline(source, expand, bounded, target);
    }
    return { path, bytes: (await statOf(path)).bytes, changedAt, close };
  } catch (error) {
    await close();
    const reason = error instanceof Error ? error.message : String(error);
    throw compression === 'none' ? error : wrongData(`${nameOf(file)}: it can not be expanded: ${reason}`);
  }
}

async function* bounded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > expandedBytesMost) throw new Error(`more than ${expandedBytesMost} bytes`);
    yield chunk;
  }
}

export async function compressionOf(file: string): Promise<'none' | 'gzip' | 'zstd'> {
  await statOf(file);
  for await (const chunk of createReadStream(file, { end: 3 }) as AsyncIterable<Buffer>) {
    const magic = chunk.toString('hex');
    if (magic.startsWith('1f8b')) return 'gzip';
    if (magic === '28b52ffd') return 'zstd';
  }
  return 'none';
}

/** What of a file is read at a time. */
const readBytes = 256 * 1024;

/**
 * Bytes `[start, end)` of a file, in chunks; each is valid until the next is asked for. One buffer serves all: gigabytes of them, one
 * after another, would be collected late and leave the memory of the process in pieces.
 */
export async function* rangeOf(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end <= start) return;
  const handle = await open(path);
  const bytes = new Uint8Array(Math.min(readBytes, end - start));
  try {
    for (let at = start; at < end;) {
      const { bytesRead } = await handle.read(bytes, 0, Math.min(bytes.length, end - at), at);
      if (bytesRead === 0) return;
      yield bytes.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Bytes `[start, end)` of an open file into `bytes` from `to` on. */
export async function readRange(
  handle: FileHandle,
  start: number,
  end: number,
  bytes: Uint8Array,
  to: number,
): Promise<void> {
  for (let done = 0; done < end - start;) {
    const { bytesRead } = await handle.read(bytes, to + done, end - start - done, start + done);
    if (bytesRead === 0) throw wrongData('the file became shorter while it was read');
    done += bytesRead;
  }
}

export { open as openFile };
