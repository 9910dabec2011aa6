/**
 * Reads the partitions that the group gives us and loads them, one insert at a time. On each assignment: a higher epoch into the
 * fence, then the committed offset and what may be under way there, heal it, and only then read on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FencedError, StoreError } from '@sessionreel/clickhouse';
import {
  KafkaError,
  type Assignment,
  type Committed,
  type Message,
  type MessageBatch,
  type Watermarks,
} from '@sessionreel/kafka';
import type { Logger } from '@sessionreel/ops';
import { readEvent, type Reading } from './events.ts';
import type { Inserter, SetAside } from './inserter.ts';
import type { LoaderMetrics } from './metrics.ts';
import { readPending } from './pending.ts';
import { isDue, Queue, type BatchLimits, type Part } from './queue.ts';

/** What the loader needs of the consumer. */
export interface Source {
  pause(partition: number): void;
  resume(partition: number, offset?: number): void;
  committed(): Promise<Map<number, Committed>>;
  /** Resolves when the group has next said that this member belongs to it. */
  confirmed(): Promise<void>;
  watermarks(): Promise<Map<number, Watermarks>>;
}

/** What it needs of ClickHouse beside inserts. */
export interface Shelf {
  /** A higher epoch for these partitions. */
  takeFence(partitions: readonly number[]): Promise<number>;
  /** Highest offset of a partition that stands in any table; undefined when there is none. */
  newestOffset(partition: number): Promise<number | undefined>;
}

export interface LoaderOptions {
  readonly source: Source;
  readonly shelf: Shelf;
  readonly inserter: Inserter;
  readonly setAside: SetAside;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
  readonly limits: BatchLimits;
  readonly queueBytes: number;
  readonly read: (message: Message) => Promise<Reading>;
}

const retryMs = 1_000;
/** How far back a partition goes whose committed offset is lost: its last batch may stand there in part. */
const relearnOffsets = 100_000;

export class Loader {
  readonly #o: LoaderOptions;
  readonly #queue = new Queue();
  #stopped = false;
  readonly #paused = new Set<number>();
  /** Why a partition does not move, by partition. */
  readonly #stuck = new Map<number, string>();
  /** Grows with each assignment: what began under an older one ends. */
  #generation = 0;
  /** Aborted with its generation: ends tries and waits, not what is under way. */
  #current = new AbortController();
  #owned: readonly number[] = [];
  #assignment = 0;
  #busy: Promise<void> = Promise.resolve();
  #lastInsertMs = 0;
  #running: Promise<void> | undefined;
  #ready = false;

  constructor(options: LoaderOptions) {
    this.#o = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Finishes the batch under way; the rest is read again by whoever comes next. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turn();
    await this.#running;
  }

  /** Why it is not ready; none when it is. */
  troubles(): string[] {
    const list = [...this.#stuck].map(([p, why]) => `partition ${p}: ${why}`);
    if (this.#o.inserter.trouble !== undefined) list.push(this.#o.inserter.trouble);
    if (!this.#ready) list.push('partitions are not assigned or not healed yet');
    return list;
  }

  /** The group gave us these partitions; each is paused until we resume it. */
  assigned(assignment: Assignment): void {
    const generation = this.#turn();
    this.#owned = assignment.partitions;
    this.#assignment = assignment.id;
    this.#paused.clear();
    this.#stuck.clear();
    this.#o.metrics.partitions.set(assignment.partitions.length);
    this.#busy = this.#busy.then(() => this.#begin(generation));
  }

  /** Before partitions may go: no new batch begins, and the one under way ends. */
  async revoking(): Promise<void> {
    this.#turn();
    await this.#busy;
  }

  /** Ends what belongs to the generation so far. */
  #turn(): number {
    this.#current.abort(new Error('the partitions were taken or the loader stops'));
    this.#current = new AbortController();
    this.#ready = false;
    return ++this.#generation;
  }

  async take(batch: MessageBatch): Promise<void> {
    const generation = this.#generation;
    const { partition } = batch;
    for (const message of batch.messages) {
      if (generation !== this.#generation || !batch.isCurrent() || this.#stuck.has(partition)) return;
      if (!this.#queue.has(partition) || message.offset < (this.#queue.position(partition) ?? 0)) continue;
      if (!(await this.#takeOne(partition, message))) return;
    }
    const position = this.#queue.position(partition) ?? 0;
    this.#o.metrics.lagOffsets.set({ partition }, Math.max(0, batch.highWatermark - position));
    this.#o.metrics.queueBytes.set(this.#queue.bytes);
    if (this.#isFull(partition)) {
      this.#paused.add(partition);
      this.#o.source.pause(partition);
    }
  }

  async #takeOne(partition: number, message: Message): Promise<boolean> {
    const entryOf = (datum: Uint8Array | undefined) => ({
      offset: message.offset,
      datum,
      day: 0,
      timestamp: message.timestamp,
      arrived: performance.now(),
      late: 0,
    });
    const generation = this.#generation;
    for (;;) {
      try {
        const reading = await this.#o.read(message);
        if (reading.kind === 'entry') this.#queue.add(partition, reading.entry);
        else {
          await this.#o.setAside(partition, entryOf(message.value ?? undefined), 'framing', reading.error);
          this.#queue.add(partition, entryOf(undefined));
        }
        if (reading.kind === 'entry' && reading.entry.datum === undefined) this.#o.metrics.skipped.inc();
        return true;
      } catch (error) {
        const later = (error instanceof KafkaError || error instanceof StoreError) && error.retryable;
        if (!later) {
          this.#halt(partition, error);
          return false;
        }
        this.#o.log.warn({ error, partition }, 'an event could not be set aside yet');
        await delay(retryMs);
        if (generation !== this.#generation) return false;
      }
    }
  }

  #isFull(partition: number): boolean {
    const share = this.#o.queueBytes / Math.max(1, this.#owned.length);
    return this.#queue.bytes >= this.#o.queueBytes || this.#queue.bytesOf(partition) >= share;
  }

  #halt(partition: number, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#stuck.set(partition, why);
    this.#o.source.pause(partition);
    this.#o.log.error({ error, partition }, `partition ${partition} of the events is stopped`);
  }

  /** Fence, heal, seek, for every partition; tried again until it is done or another assignment comes. */
  async #begin(generation: number): Promise<void> {
    const { log } = this.#o;
    while (generation === this.#generation && !this.#stopped) {
      try {
        await this.#beginOnce(generation);
        this.#ready = generation === this.#generation;
        return;
      } catch (error) {
        log.warn({ error }, 'partitions are not begun yet');
        await this.#pauseAfter(error, retryMs);
      }
    }
  }

  async #beginOnce(generation: number): Promise<void> {
    const { inserter, shelf, source } = this.#o;
    const partitions = this.#owned;
    if (partitions.length === 0) return;
    const assignment = this.#assignment;
    await inserter.begin(await shelf.takeFence(partitions), assignment);
    const committed = await source.committed();
    for (const partition of partitions) {
      const start = await this.#startOf(partition, committed.get(partition));
      if (generation !== this.#generation) return;
      if (start === undefined) continue;
      this.#queue.begin(partition, start);
    }
    for (const partition of partitions) {
      const start = this.#queue.position(partition);
      if (start !== undefined && !this.#stuck.has(partition)) source.resume(partition, start);
    }
  }

  /** Where to read on, with everything from there on out of ClickHouse; undefined when that is not to be decided here. */
  async #startOf(partition: number, committed: Committed | undefined): Promise<number | undefined> {
    const { inserter, shelf, source } = this.#o;
    this.#queue.drop(partition);
    if (committed?.offset !== undefined) {
      const pending = readPending(committed.metadata);
      if (pending !== undefined) await inserter.heal(partition, pending.first, pending.last, pending.epoch);
      return committed.offset;
    }
    const { low, high } = (await source.watermarks()).get(partition) ?? { low: 0, high: 0 };
    const newest = await shelf.newestOffset(partition);
    if (newest === undefined) return low;
    if (newest >= high) {
      this.#halt(
        partition,
        new Error(
          `ClickHouse has offset ${newest}, but the topic ends at ${high} and the group has no offset: is this another Kafka? Set the group's offset by hand`,
        ),
      );
      return undefined;
    }
    const start = Math.max(low, newest - relearnOffsets);
    await inserter.heal(partition, start, newest, inserter.epoch);
    return start;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const waiting = this.#queue.waiting();
      if (!this.#ready || !isDue(waiting, this.#o.limits, performance.now(), this.#lastInsertMs)) {
        await delay(10);
        continue;
      }
      const generation = this.#generation;
      const parts = this.#queue.take(this.#o.limits);
      // Joins the chain, so that a revocation waits for it and an assignment begins after it.
      this.#busy = this.#busy.then(() => this.#load(parts, generation));
      await this.#busy;
      this.#resumePaused();
    }
    await this.#busy;
  }

  async #load(parts: readonly Part[], generation: number): Promise<void> {
    if (generation !== this.#generation) return;
    const began = performance.now();
    try {
      await this.#o.inserter.load(parts, this.#current.signal);
      this.#lastInsertMs = performance.now() - began;
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#o.log.warn({ error }, 'a batch is dropped and will be read again');
      // Whatever stands of it is known by the pending range; begin all over, behind a new fence.
      this.#again(error);
    }
  }

  #again(error: unknown): void {
    const generation = this.#turn();
    for (const partition of this.#owned) {
      this.#queue.drop(partition);
      this.#o.source.pause(partition);
    }
    this.#paused.clear();
    // Another member may have our partitions: the group says so soon. If it does not, they are still ours.
    const known = error instanceof FencedError || error instanceof KafkaError || error instanceof StoreError;
    const wait = known ? 5 * retryMs : retryMs;
    void this.#pauseAfter(error, wait).then(() => {
      if (generation !== this.#generation || this.#stopped) return;
      this.#busy = this.#busy.then(() => this.#begin(generation));
    });
  }

  /**
   * Whoever was fenced takes the partitions back only once the group says that it is a member: another may have them by now, and
   * would be fenced in turn, for ever.
   */
  async #pauseAfter(error: unknown, ms: number): Promise<void> {
    const { signal } = this.#current;
    await delay(ms);
    if (!(error instanceof FencedError) || signal.aborted) return;
    const turned = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    await Promise.race([this.#o.source.confirmed(), turned]);
  }

  #resumePaused(): void {
    this.#o.metrics.queueBytes.set(this.#queue.bytes);
    if (this.#queue.bytes > this.#o.queueBytes / 2) return;
    for (const partition of this.#paused) {
      if (this.#stuck.has(partition)) continue;
      this.#paused.delete(partition);
      this.#o.source.resume(partition);
    }
  }
}

export const readerOf = (registry: Parameters<typeof readEvent>[1]) => (message: Message) =>
  readEvent(message, registry);
