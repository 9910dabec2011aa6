/** The queue of a partition: fetched messages in, batches out. Bounded by pausing the fetching. */
import { sizeOf, type Message } from '@sessionreel/kafka';
import type { Suspects } from './suspects.ts';

export interface BatcherOptions {
  readonly batchBytes: number;
  readonly batchMessages: number;
  /** How long a batch that is not full waits for more, ms. */
  readonly lingerMs: number;
  readonly queueBytes: number;
  onFull(): void;
  onRoom(): void;
}

export interface TakenBatch {
  readonly messages: readonly Message[];
  readonly bytes: number;
}

interface Queued {
  readonly message: Message;
  readonly bytes: number;
}

export class Batcher {
  readonly #options: BatcherOptions;
  #queue: Queued[] = [];
  #bytes = 0;
  /** Batches that were taken and are not done. */
  readonly #inFlight = new Set<TakenBatch>();
  /** Next offset to be taken in; undefined while nothing is (before a restore is done). */
  #next: number | undefined;
  #paused = false;
  #draining = false;
  #failure: Error | undefined;
  #wake: (() => void)[] = [];
  #oldest = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The offset that fetching must go on from; undefined before `begin`. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Empty, and takes in messages from `offset` on. */
  begin(offset: number): void {
    this.close();
    this.#next = offset;
    this.#failure = undefined;
  }

  /** Forgets everything, and takes nothing in until `begin`. */
  close(): void {
    this.#queue = [];
    this.#bytes = 0;
    this.#next = undefined;
    this.#paused = false;
    this.#notify();
  }

  /** What was seen already, or comes too early, is left out: kafkajs may fetch from an older offset after a rebalance. */
  push(messages: readonly Message[]): void {
    if (this.#next === undefined) return;
    for (const message of messages) {
      if (message.offset < this.#next) continue;
      const bytes = sizeOf(message);
      if (this.#queue.length === 0) this.#oldest = performance.now();
      this.#queue.push({ message, bytes });
      this.#bytes += bytes;
      this.#next = message.offset + 1;
    }
    if (this.#bytes >= this.#options.queueBytes && !this.#paused) {
      this.#paused = true;
      this.#options.onFull();
    }
    this.#notify();
  }

  /** The next batch, when there is one. Throws what `fail` was given. */
  async take(suspects: Suspects): Promise<TakenBatch> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#draining && this.#queue.length > 0) {
        const wait = this.#linger();
        if (wait <= 0) return this.#cut(suspects);
        await this.#woken(wait);
      } else await this.#woken();
    }
  }

  /** A taken batch is committed, or given up. */
  done(batch: TakenBatch): void {
    this.#inFlight.delete(batch);
    this.#notify();
  }

  /** Makes `take` throw. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#notify();
  }

  /** No more batches; resolves when those that were taken are done. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#notify();
    while (this.#inFlight.size > 0 && this.#isDraining()) await this.#woken();
  }

  /** Ends a drain. */
  open(): void {
    this.#draining = false;
    this.#notify();
  }

  #isDraining(): boolean {
    return this.#draining;
  }

  #linger(): number {
    const { batchBytes, batchMessages, lingerMs } = this.#options;
    if (this.#bytes >= batchBytes || this.#queue.length >= batchMessages) return 0;
    return this.#oldest + lingerMs - performance.now();
  }

  #cut(suspects: Suspects): TakenBatch {
    const { batchBytes, batchMessages, queueBytes } = this.#options;
    const messages: Message[] = [];
    let bytes = 0;
    for (const queued of this.#queue) {
      const alone = suspects.isSuspect(queued.message.offset);
      if (
        messages.length > 0 &&
        (alone || bytes + queued.bytes > batchBytes || messages.length >= batchMessages)
      )
        break;
      messages.push(queued.message);
      bytes += queued.bytes;
      if (alone) break;
    }
    this.#queue.splice(0, messages.length);
    this.#bytes -= bytes;
    const batch = { messages, bytes };
    this.#inFlight.add(batch);
    if (this.#paused && this.#bytes < queueBytes / 2) {
      this.#paused = false;
      this.#options.onRoom();
    }
    return batch;
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  async #woken(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
