/** Who asked for what, one JSON object a line. */
import { appendFile, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@sessionreel/ops';
import { z } from 'zod';

const entrySchema = z.object({
  at: z.string(),
  /** Id and name of the principal; empty when nobody was logged in. */
  who: z.string(),
  name: z.string(),
  from: z.string(),
  method: z.string(),
  /** With its parameters, as asked. */
  url: z.string(),
  /** What a change did; empty of questions. */
  did: z.string().default(''),
  status: z.int(),
  ms: z.number(),
});

export type AuditEntry = Readonly<z.infer<typeof entrySchema>>;

/** None of a line that is still being written, or that is none. */
function entriesOf(line: string): AuditEntry[] {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

/** A file larger than this becomes the file before; two are kept. */
const mostBytes = 64 * 2 ** 20;

export class AuditLog {
  readonly #path: string;
  readonly #log: Pick<Logger, 'error'>;
  #last: Promise<void> = Promise.resolve();
  #waiting: string[] = [];

  constructor(path: string, log: Pick<Logger, 'error'>) {
    this.#path = path;
    this.#log = log;
  }

  add(entry: AuditEntry): void {
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
    if (this.#waiting.length === 1) this.#last = this.#last.then(() => this.#flush());
  }

  /** Resolves when all that was added is written. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** The newest entries, the newest first. */
  async newest(limit: number): Promise<AuditEntry[]> {
    await this.settled();
    const file = await open(this.#path).catch(() => undefined);
    if (file === undefined) return [];
    try {
      const { size } = await file.stat();
      const length = Math.min(size, limit * 4_096);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const lines = buffer
        .toString('utf8')
        .split('\n')
        .slice(size === length ? 0 : 1);
      return lines
        .filter((line) => line !== '')
        .slice(-limit)
        .reverse()
        .flatMap(entriesOf);
    } finally {
      await file.close();
    }
  }

  async #flush(): Promise<void> {
    const lines = this.#waiting.join('');
    this.#waiting = [];
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const size = await stat(this.#path).then(
        (s) => s.size,
        () => 0,
      );
      if (size > mostBytes) await rename(this.#path, `${this.#path}.1`);
      await appendFile(this.#path, lines, { mode: 0o600 });
    } catch (error) {
      this.#log.error({ error }, 'the audit log cannot be written');
    }
  }
}
