/** Which files of an import were sent: the same command again goes on behind them. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Source } from './import-sources.ts';

export class Journal {
  readonly path: string;
  readonly #done: Set<string>;

  private constructor(path: string, done: Set<string>) {
    this.path = path;
    this.#done = done;
  }

  /** @param asked what names the import: its paths and where it goes. @param again forgets what was done */
  static async open(asked: readonly string[], data: string, again: boolean): Promise<Journal> {
    const name = createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 16);
    const path = join(data, 'imports', `${name}.done`);
    await mkdir(dirname(path), { recursive: true });
    const text = again ? '' : await readFile(path, 'utf8').catch(() => '');
    // The last line may have been cut: then its file is sent again, and is stale.
    return new Journal(path, new Set(text.split('\n').slice(0, -1)));
  }

  has(source: Source): boolean {
    return this.#done.has(keyOf(source));
  }

  async add(source: Source): Promise<void> {
    this.#done.add(keyOf(source));
    await appendFile(this.path, `${keyOf(source)}\n`);
  }
}

/** A file that was written to since is another one. */
const keyOf = ({ name, bytes, changedAt }: Source): string =>
  createHash('sha256')
    .update(JSON.stringify([name, bytes, Math.floor(changedAt)]))
    .digest('hex')
    .slice(0, 24);
