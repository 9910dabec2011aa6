/** Captures from files and from standard input, in chunks. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { wrongData } from '../terminal/cli-error.ts';
import { escapeValue, type Io } from '../terminal/terminal.ts';

const chunkBytes = 64 * 1024;

/** A file's name for messages; standard input's is `-`. */
export const nameOf = (file: string): string => (file === '-' ? 'standard input' : escapeValue(file));

/** Bytes of a file, or of standard input for `-`. @throws CliError (status 1) that names the file */
export async function* chunksOf(file: string, io: Io): AsyncGenerator<Uint8Array> {
  try {
    const source =
      file === '-'
        ? (io.stdin as AsyncIterable<Buffer | string>)
        : (createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>);
    for await (const chunk of source) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (error) {
    throw fileError(file, error);
  }
}

/** @throws CliError (status 1) that names the file */
export async function statOf(file: string): Promise<{ bytes: number; changedAt: number }> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return { bytes: facts.size, changedAt: facts.mtimeMs };
  } catch (error) {
    throw fileError(file, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
};

function fileError(file: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '') return error as Error;
  return wrongData(`${nameOf(file)}: ${reasons[code] ?? code}`);
}
