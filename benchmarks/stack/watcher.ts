/** Asks ClickHouse what has become queryable. */
import { setTimeout as delay } from 'node:timers/promises';
import { Store } from '@sessionreel/clickhouse';

export class Watcher {
  readonly store: Store;

  constructor(url: string) {
    this.store = new Store({ url, database: 'sessionreel', user: 'default', password: '' });
  }

  /** Captures (parts) of which every row stands in every table, with their sessions. */
  async seen(): Promise<{ captures: number; sessions: number; applied: number }> {
    const [row] = await this.store.rows<{ captures: string; sessions: string; applied: string }>(
      `SELECT count() AS captures, sum(if(final, sessions, 0)) AS sessions, countIf(outcome = 'applied') AS applied
       FROM snapshots AS s
       LEFT ANY JOIN (SELECT kafka_partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY kafka_partition) AS p
         ON p.kafka_partition = s.kafka_partition
       WHERE s.kafka_offset <= p.loaded`,
    );
    return {
      captures: Number(row?.captures),
      sessions: Number(row?.sessions),
      applied: Number(row?.applied),
    };
  }

  /** Until so many captures can be queried. Throws when one of them was not applied. */
  async until(captures: number, check: () => void): Promise<void> {
    for (;;) {
      check();
      const seen = await this.seen();
      if (seen.applied < seen.captures)
        throw new Error(`${seen.captures - seen.applied} captures were not applied`);
      if (seen.captures >= captures) return;
      await delay(250);
    }
  }

  /** Newest offset of each partition of the captures of which every row can be queried. */
  async newest(): Promise<Map<number, number>> {
    const rows = await this.store.rows<{ partition: number; newest: string }>(
      `SELECT source_partition AS partition, max(source_offset) AS newest
       FROM snapshots AS s
       LEFT ANY JOIN (SELECT kafka_partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY kafka_partition) AS p
         ON p.kafka_partition = s.kafka_partition
       WHERE s.kafka_offset <= p.loaded GROUP BY source_partition`,
    );
    return new Map(rows.map(({ partition, newest }) => [partition, Number(newest)]));
  }

  stop(): Promise<void> {
    return this.store.close();
  }
}
