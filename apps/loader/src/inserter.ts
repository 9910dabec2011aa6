/**
 * One batch into ClickHouse, once: the range stands in Kafka before the insert; a retry carries the same token while the server keeps
 * running; otherwise the range is healed and inserted under a new attempt. What is refused for its data is halved until it stands alone.
 */
import {
  FencedError,
  StoreError,
  tokenOf,
  type InboxInsert,
  type OffsetRange,
} from '@sessionreel/clickhouse';
import type { Logger } from '@sessionreel/ops';
import { pause } from '@sessionreel/ops';
import { ocfOf } from '@sessionreel/session-events';
import type { LoaderMetrics } from './metrics.ts';
import { pendingText, queryPrefix } from './pending.ts';
import { countOf, halve, messagesOf, type Entry, type Part } from './queue.ts';

/** What the inserter needs of ClickHouse. */
export interface Target {
  insert(insert: InboxInsert): Promise<void>;
  /**
   * Removes a range from every table, after whatever still writes under these ids was killed, if `epoch` is still the newest of its
   * partition. Gives the rows removed.
   */
  heal(
    range: Pick<OffsetRange, 'partition' | 'first' | 'last'>,
    queryPrefix: string,
    epoch: number,
  ): Promise<number>;
  /** Leaves a mark that a restart of the server wipes off. */
  mark(): Promise<string>;
  isMarked(mark: string): Promise<boolean>;
}

/** What it needs of Kafka. */
export interface Offsets {
  /** Refused when the group has assigned the partitions anew since: others may have committed in between. */
  commit(
    offsets: readonly { partition: number; offset: number; metadata: string }[],
    assignment: number,
  ): Promise<void>;
}

/** Sets one event aside, for good, before its offset moves. */
export type SetAside = (partition: number, entry: Entry, reason: string, error: string) => Promise<void>;

export interface InserterOptions {
  readonly target: Target;
  readonly offsets: Offsets;
  readonly setAside: SetAside;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
  readonly retryLeastMs: number;
  readonly retryMostMs: number;
}

/** After so many tries a batch that fails for memory, or for a reason that is not known, is tried in halves. */
const triesBeforeHalving = 3;

export class Inserter {
  readonly #o: InserterOptions;
  #epoch = 0;
  #assignment = 0;
  #attempt = 0;
  #requests = 0;
  #mark = '';
  /** Why the current batch does not get through; undefined when all is well. */
  trouble: string | undefined;

  constructor(options: InserterOptions) {
    this.#o = options;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Begins with a new epoch, which the fence has already, for the partitions of this assignment. */
  async begin(epoch: number, assignment: number): Promise<void> {
    this.#mark = await this.#o.target.mark();
    this.#epoch = epoch;
    this.#assignment = assignment;
    this.#attempt = 0;
  }

  /** Removes what a loader before us may have left of a range. */
  async heal(partition: number, first: number, last: number, epoch: number): Promise<void> {
    const rows = await this.#o.target.heal({ partition, first, last }, queryPrefix(epoch), this.#epoch);
    this.#o.metrics.healed.inc();
    this.#o.metrics.healedRows.inc(rows);
    this.#o.log.info(
      { partition, first, last, rows },
      `healed partition ${partition}, offsets ${first} to ${last}`,
    );
  }

  /**
   * Returns when every part is in ClickHouse (or set aside) and its offset is committed. An insert under way is finished whatever the
   * signal says; it ends the tries after it.
   * @throws FencedError, KafkaError, and the signal's reason
   */
  async load(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    if (countOf(parts) > 0) await this.#insert(parts, signal);
    const done = parts.map(({ partition, last }) => ({ partition, offset: last + 1, metadata: '' }));
    await this.#o.offsets.commit(done, this.#assignment);
    this.trouble = undefined;
  }

  async #insert(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    const messages = parts.flatMap(({ partition, entries }) =>
      entries.flatMap(({ offset, datum }) => (datum === undefined ? [] : [{ partition, offset, datum }])),
    );
    const ranges = parts.filter((p) => messagesOf(p) > 0).map(rangeOf);
    const ocf = ocfOf(messages, this.#epoch);
    await this.#announce(parts);
    for (let tries = 1; ; tries++) {
      const began = performance.now();
      try {
        const token = tokenOf(this.#epoch, ranges, this.#attempt);
        const queryId = `${queryPrefix(this.#epoch)}${this.#attempt}-${++this.#requests}`;
        await this.#o.target.insert({ ocf, ranges, epoch: this.#epoch, token, queryId });
        this.#count(parts, messages.length, ocf.length, performance.now() - began);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof FencedError) this.#o.metrics.fenced.inc();
        if (!(error instanceof StoreError)) throw error;
        if (await this.#failed(error, parts, tries, signal)) return;
      }
    }
  }

  /** True when the batch was dealt with in another way; false when it is to be tried again. */
  async #failed(
    error: StoreError,
    parts: readonly Part[],
    tries: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { log, metrics } = this.#o;
    const events = countOf(parts);
    metrics.failures.inc({ code: error.code });
    this.trouble = `${error.code}: ${error.message.slice(0, 500)}`;
    log.warn(
      {
        code: error.code,
        server_code: error.serverCode,
        tries,
        events,
        error: error.message.slice(0, 2_000),
      },
      'an insert failed',
    );
    const split =
      error.code === 'bad_data' ||
      error.code === 'too_many_partitions' ||
      ((error.code === 'memory' || error.code === 'query') && tries >= triesBeforeHalving);
    if (split && events > 1) {
      await this.#withdraw(parts, signal);
      for (const half of halve(parts)) if (countOf(half) > 0) await this.#insert(half, signal);
      return true;
    }
    if (error.code === 'bad_data') {
      await this.#withdraw(parts, signal);
      await this.#setAside(parts, error);
      return true;
    }
    await pause(this.#delay(tries, error.code === 'too_many_parts' ? 4 : 1), signal);
    if (error.code === 'incomplete' || !(await this.#stillMarked(signal)))
      await this.#withdraw(parts, signal);
    return false;
  }

  /** Puts the ranges into Kafka before anything is written, so that whoever comes after us knows what may be there. */
  async #announce(parts: readonly Part[]): Promise<void> {
    const under = { attempt: this.#attempt, epoch: this.#epoch };
    const pending = parts.map(({ partition, first, last }) => ({
      partition,
      offset: first,
      metadata: pendingText({ first, last, ...under }),
    }));
    await this.#o.offsets.commit(pending, this.#assignment);
  }

  /** Heals the ranges and goes over to the next attempt, however long ClickHouse takes to come back. */
  async #withdraw(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        for (const part of parts) await this.heal(part.partition, part.first, part.last, this.#epoch);
        this.#mark = await this.#o.target.mark();
        break;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.trouble = `healing: ${error.message.slice(0, 500)}`;
        this.#o.log.warn({ code: error.code, tries, error: error.message.slice(0, 2_000) }, 'healing failed');
        await pause(this.#delay(tries, 1), signal);
      }
    }
    this.#attempt++;
    await this.#announce(parts);
  }

  async #stillMarked(signal: AbortSignal): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        return await this.#o.target.isMarked(this.#mark);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.trouble = `waiting for ClickHouse: ${error.message.slice(0, 500)}`;
        await pause(this.#delay(tries, 1), signal);
      }
    }
  }

  async #setAside(parts: readonly Part[], error: StoreError): Promise<void> {
    for (const { partition, entries } of parts)
      for (const entry of entries)
        if (entry.datum !== undefined) await this.#o.setAside(partition, entry, error.code, error.message);
  }

  /** Doubles up to the most, with jitter over its upper half so that loaders do not come back all at once. */
  #delay(tries: number, factor: number): number {
    const full = Math.min(this.#o.retryMostMs, factor * this.#o.retryLeastMs * 2 ** Math.min(20, tries - 1));
    return full / 2 + (Math.random() * full) / 2;
  }

  #count(parts: readonly Part[], events: number, bytes: number, tookMs: number): void {
    const { metrics } = this.#o;
    metrics.inserts.inc();
    metrics.events.inc(events);
    metrics.bytes.inc(bytes);
    metrics.insertSeconds.observe(tookMs / 1_000);
    metrics.batchEvents.observe(events);
    const now = Date.now();
    for (const { partition, entries } of parts) {
      for (const { datum, timestamp } of entries)
        if (datum !== undefined) metrics.queryableSeconds.observe(Math.max(0, now - timestamp) / 1_000);
      const last = entries.at(-1);
      if (last !== undefined)
        metrics.lagSeconds.set({ partition }, Math.max(0, now - last.timestamp) / 1_000);
    }
  }
}

function rangeOf(part: Part): OffsetRange {
  const { partition, first, last } = part;
  return { partition, first, last, messages: messagesOf(part) };
}
