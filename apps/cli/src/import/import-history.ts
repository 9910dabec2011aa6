/**
 * Captures that are older than a router's live state: they have a state of their own, for the router and the import, and go to
 * ClickHouse without Kafka, so that nothing live is touched. Their events stand under partitions that no topic has. The same files
 * give the same events: an import that was stopped works through them again and inserts what is missing.
 */
import {
  currentEpochs,
  healRange,
  insertInbox,
  rollUp,
  takeFence,
  tokenOf,
  type Store,
} from '@sessionreel/clickhouse';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { RouterState } from '@sessionreel/session-diff';
import {
  createEventWriter,
  encodeFlatDelta,
  ocfOf,
  peekDelta,
  takeWritten,
  type OcfMessage,
} from '@sessionreel/session-events';
import type { FlatDelta, RowBatch } from '@sessionreel/session-model';
import type { Prepared } from './import-prepare.ts';
import { rangeOf } from './spool.ts';

/** Partitions of imports begin here: no topic has as many. */
const firstPartition = 60_000;
const lastPartition = 65_535;

const batchBytes = 4_000_000;
const batchEvents = 1_000;
/** ClickHouse refuses an insert into more than 100 days. */
const batchDays = 50;

/** What is known of a router before the import. */
interface Known {
  /** Begin of its live state (ms UTC); undefined when it has none. */
  readonly live: number | undefined;
  /** Spans of earlier imports. */
  readonly imports: readonly { readonly partition: number; readonly first: number; readonly last: number }[];
}

/** Where an import's partitions are kept from run to run. */
export interface PartitionNotes {
  partition(router: string): number | undefined;
  note(router: string, partition: number): Promise<void>;
}

export class HistoryImport {
  readonly #store: Store;
  readonly #notes: PartitionNotes;
  readonly #zoneOf: (router: string) => string;
  readonly #known = new Map<string, Known>();
  readonly #routers = new Map<string, RouterHistory>();

  constructor(store: Store, notes: PartitionNotes, zoneOf: (router: string) => string) {
    this.#store = store;
    this.#notes = notes;
    this.#zoneOf = zoneOf;
  }

  /** `live`: it belongs to Kafka. `known`: an earlier import holds that time. */
  async place(router: string, at: number): Promise<'live' | 'history' | 'known'> {
    let known = this.#known.get(router);
    if (known === undefined) {
      known = await knownOf(this.#store, router);
      this.#known.set(router, known);
    }
    if (known.live === undefined || at >= known.live) return 'live';
    const own = this.#notes.partition(router);
    const other = known.imports.some((i) => i.partition !== own && at >= i.first && at <= i.last);
    return other ? 'known' : 'history';
  }

  async apply(capture: Prepared, path: string): Promise<string> {
    let router = this.#routers.get(capture.router);
    if (router === undefined) {
      const partition = await this.#partition(capture.router);
      router = await RouterHistory.open(this.#store, capture.router, partition, this.#zoneOf(capture.router));
      this.#routers.set(capture.router, router);
    }
    return await router.apply(capture, path);
  }

  async finish(): Promise<void> {
    for (const router of this.#routers.values()) await router.finish();
    this.#routers.clear();
  }

  async #partition(router: string): Promise<number> {
    const noted = this.#notes.partition(router);
    if (noted !== undefined) return noted;
    const rows = await this.#store.rows<{ newest: number }>(
      'SELECT max(partition) AS newest FROM loader_fence WHERE partition >= {first:UInt16}',
      { params: { first: firstPartition } },
    );
    const partition = Math.max(firstPartition, (rows[0]?.newest ?? 0) + 1);
    if (partition > lastPartition) throw new Error('there is no partition left for another import');
    await this.#notes.note(router, partition);
    return partition;
  }
}

async function knownOf(store: Store, router: string): Promise<Known> {
  const rows = await store.rows<{ partition: number; first: string; last: string }>(
    `SELECT if(kafka_partition >= {first:UInt16}, kafka_partition, 0) AS partition,
       toUnixTimestamp64Milli(min(at)) AS first, toUnixTimestamp64Milli(max(at)) AS last
     FROM deltas WHERE router = {router:String} GROUP BY partition`,
    { params: { router, first: firstPartition } },
  );
  const live = rows.find((r) => r.partition === 0);
  return {
    live: live === undefined ? undefined : Number(live.first),
    imports: rows
      .filter((r) => r.partition !== 0)
      .map((r) => ({ partition: r.partition, first: Number(r.first), last: Number(r.last) })),
  };
}

/** One router's history of one import. */
class RouterHistory {
  readonly #store: Store;
  readonly #state: RouterState;
  readonly #partition: number;
  readonly #epoch: number;
  /** Events up to this one are in every table. */
  readonly #loaded: number;
  readonly #writer = createEventWriter();
  #offset = 0;
  #captures = 0;
  #batch: OcfMessage[] = [];
  #bytes = 0;
  readonly #days = new Set<number>();

  private constructor(store: Store, state: RouterState, partition: number, epoch: number, loaded: number) {
    this.#store = store;
    this.#state = state;
    this.#partition = partition;
    this.#epoch = epoch;
    this.#loaded = loaded;
  }

  static async open(
    store: Store,
    router: string,
    partition: number,
    timezone: string,
  ): Promise<RouterHistory> {
    const epoch = await takeFence(store, [partition], `import of ${router}`);
    const rows = await store.rows<{ n: string; offset: string }>(
      'SELECT count() AS n, max(kafka_offset) AS offset FROM loader_progress WHERE kafka_partition = {partition:UInt16}',
      { params: { partition } },
    );
    const loaded = rows[0] === undefined || rows[0].n === '0' ? -1 : Number(rows[0].offset);
    // What a run that was killed has inserted in part goes, and comes again whole.
    await healRange(
      store,
      { partition, first: loaded + 1, last: Number.MAX_SAFE_INTEGER },
      `import-${partition}-`,
      epoch,
    );
    return new RouterHistory(store, new RouterState(router, { timezone }), partition, epoch, loaded);
  }

  async apply(capture: Prepared, path: string): Promise<string> {
    const offset = this.#captures++;
    const at = capture.capturedAt;
    let said = 'no snapshot';
    const state = this.#state;
    const emit = (delta: FlatDelta): void => this.#emit(delta);
    state.prepare();
    const parser = new SnapshotParser(
      state.strings,
      {
        begin: (start) => {
          state.begin(
            {
              snapshotId: '',
              capturedAt: at,
              logTime: at,
              partition: this.#partition,
              offset,
              previousOffset: offset - 1,
              ordinal: start.ordinal,
              part: 1,
              parts: 1,
            },
            start,
          );
        },
        rows: (batch: RowBatch) => state.rows(batch),
        end: (facts) => {
          const { outcome, counts } = state.end(facts, emit);
          said =
            outcome === 'applied'
              ? `${counts.opened} opened, ${counts.changed} changed, ${counts.closed} closed`
              : outcome;
        },
      },
      { complete: capture.complete, ...(capture.command === '' ? {} : { command: capture.command }) },
    );
    for await (const chunk of rangeOf(path, capture.plan.start, capture.plan.end)) parser.write(chunk);
    parser.end();
    if (this.#bytes >= batchBytes || this.#batch.length >= batchEvents || this.#days.size >= batchDays)
      await this.#flush();
    return said;
  }

  #emit(delta: FlatDelta): void {
    encodeFlatDelta(delta, this.#writer);
    const datum = takeWritten(this.#writer);
    const offset = this.#offset++;
    if (offset <= this.#loaded) return;
    this.#batch.push({ partition: this.#partition, offset, datum });
    this.#bytes += datum.length;
    this.#days.add(Math.floor(peekDelta(datum).gop / 86_400_000));
  }

  async finish(): Promise<void> {
    await this.#flush();
    await rollUp(this.#store, [this.#partition]);
  }

  async #flush(): Promise<void> {
    const [first, last] = [this.#batch[0], this.#batch.at(-1)];
    if (first === undefined || last === undefined) return;
    const ranges = [
      { partition: this.#partition, first: first.offset, last: last.offset, messages: this.#batch.length },
    ];
    await insertInbox(this.#store, {
      ocf: ocfOf(this.#batch, this.#epoch),
      ranges,
      epoch: this.#epoch,
      token: tokenOf(this.#epoch, ranges, 0),
      queryId: `import-${this.#partition}-${this.#epoch}-${first.offset}`,
    });
    const newest = (await currentEpochs(this.#store, [this.#partition])).get(this.#partition);
    if (newest !== this.#epoch) throw new Error('another import of the same files has taken over');
    await this.#store.insert('loader_progress', [
      {
        kafka_partition: this.#partition,
        kafka_offset: last.offset,
        loaded_at: new Date().toISOString().slice(0, 23).replace('T', ' '),
      },
    ]);
    this.#batch = [];
    this.#bytes = 0;
    this.#days.clear();
  }
}
