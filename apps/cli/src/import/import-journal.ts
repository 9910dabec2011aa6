/** Which files of an import were sent: the same command again goes on behind them. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Source } from './import-sources.ts';

export class Journal {
  readonly path: string;
  readonly #done = new Map<string, 'sent' | 'history'>();
  readonly #partitions = new Map<string, number>();
  /** Whether all that was noted stands in the tables. */
  finished = false;

  private constructor(path: string, lines: readonly string[]) {
    this.path = path;
    for (const line of lines) {
      const [key = '', ...rest] = line.split(' ');
      if (key === '!') this.finished = true;
      else if (key === '#')
        this.#partitions.set(JSON.parse(rest.slice(1).join(' ')) as string, Number(rest[0]));
      else {
        this.#done.set(key, rest[0] === 'history' ? 'history' : 'sent');
        this.finished = false;
      }
    }
  }

  /** @param asked what names the import: its paths and where it goes. @param again forgets what was done */
  static async open(asked: readonly string[], data: string, again: boolean): Promise<Journal> {
    const name = createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 16);
    const path = join(data, 'imports', `${name}.done`);
    await mkdir(dirname(path), { recursive: true });
    if (again) await rm(path, { force: true });
    const text = await readFile(path, 'utf8').catch(() => '');
    // The last line may have been cut: then its file is sent again, and is stale.
    return new Journal(path, text.split('\n').slice(0, -1));
  }

  /** `history`: it went into a state of its own, which must be worked through again before others of it. */
  has(source: Source): 'sent' | 'history' | undefined {
    return this.#done.get(keyOf(source));
  }

  async add(source: Source, how: 'sent' | 'history'): Promise<void> {
    this.#done.set(keyOf(source), how);
    this.finished = false;
    await appendFile(this.path, `${keyOf(source)} ${how}\n`);
  }

  async finish(): Promise<void> {
    if (this.finished) return;
    this.finished = true;
    await appendFile(this.path, '!\n');
  }

  /** Partition of a router's history in this import. */
  partition(router: string): number | undefined {
    return this.#partitions.get(router);
  }

  async note(router: string, partition: number): Promise<void> {
    this.#partitions.set(router, partition);
    await appendFile(this.path, `# ${partition} ${JSON.stringify(router)}\n`);
  }
}

/** A file that was written to since is another one. */
const keyOf = ({ name, bytes, changedAt }: Source): string =>
  createHash('sha256')
    .update(JSON.stringify([name, bytes, Math.floor(changedAt)]))
    .digest('hex')
    .slice(0, 24);
