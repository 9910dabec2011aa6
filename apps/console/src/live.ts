/** Live changes: one look at the store for everybody who watches, told to each by Server-Sent Events. */
import { PassThrough } from 'node:stream';
import { newsBetween, progress, type Progress, type QueryClient } from '@sessionreel/queries';
import type { Logger, Mask } from '@sessionreel/ops';
import { jsonText, present } from './present.ts';

/** Who watches, and what of it all is told. */
export interface Watching {
  /** Null: all. */
  readonly routers: ReadonlySet<string> | null;
  readonly mask: Mask;
  /** Whether this person still may: a token can be revoked while its stream runs. */
  readonly may: () => boolean;
}

interface Watcher extends Watching {
  readonly stream: PassThrough;
}

/** A watcher that does not read is let go: its page asks again when it is back. */
const mostWaitingBytes = 1 * 2 ** 20;

export class Live {
  readonly #client: QueryClient;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #everyMs: number;
  readonly #watchers = new Set<Watcher>();
  #since: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(client: QueryClient, log: Pick<Logger, 'warn'>, everyMs = 1_500) {
    this.#client = client;
    this.#log = log;
    this.#everyMs = everyMs;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  watch(watching: Watching): PassThrough {
    const stream = new PassThrough({ highWaterMark: mostWaitingBytes });
    const watcher = { ...watching, stream };
    this.#watchers.add(watcher);
    stream.on('close', () => this.#watchers.delete(watcher));
    stream.write('retry: 3000\nevent: hello\ndata: {}\n\n');
    this.#timer ??= setTimeout(() => void this.#look(), 0);
    return stream;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { stream } of this.#watchers) stream.end();
  }

  async #look(): Promise<void> {
    for (const { may, stream } of this.#watchers) if (!may()) stream.end();
    try {
      const ask = { limits: { seconds: 10, rows: 10_000 } };
      const until = await progress(this.#client, ask);
      const { entries, events } =
        this.#since === undefined
          ? { entries: [], events: [] }
          : await newsBetween(this.#client, this.#since, until, ask);
      this.#since = until;
      this.#tell('snapshot', entries);
      this.#tell('router_event', events);
      this.#tellAll(': still here\n\n');
    } catch (error) {
      this.#log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'cannot look for changes',
      );
    }
    const again = this.#watchers.size > 0 && !this.#stopped;
    if (!again) this.#since = undefined;
    this.#timer = again ? setTimeout(() => void this.#look(), this.#everyMs) : undefined;
  }

  #tell(event: string, news: readonly { readonly router: string }[]): void {
    for (const one of news) {
      const texts = new Map<Mask, string>();
      for (const watcher of this.#watchers) {
        if (watcher.routers !== null && !watcher.routers.has(one.router)) continue;
        const { mask } = watcher;
        const text = texts.get(mask) ?? `event: ${event}\ndata: ${jsonText(present(one, mask))}\n\n`;
        texts.set(mask, text);
        write(watcher, text);
      }
    }
  }

  #tellAll(text: string): void {
    for (const watcher of this.#watchers) write(watcher, text);
  }
}

function write({ stream }: Watcher, text: string): void {
  if (stream.writableEnded) return;
  if (stream.writableLength > mostWaitingBytes) stream.destroy();
  else stream.write(text);
}
