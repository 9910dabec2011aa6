/** Events that ClickHouse refuses, one by one: to the dead-letter topic and into the table of dead letters. */
import type { Store } from '@sessionreel/clickhouse';
import { deadLetterOf, type KafkaProducer } from '@sessionreel/kafka';
import type { Logger } from '@sessionreel/ops';
import type { SetAside } from './inserter.ts';
import type { LoaderMetrics } from './metrics.ts';

/** Too many events in a row were refused: something else than the events is wrong. */
export class BreakerError extends Error {
  override readonly name = 'BreakerError';
}

export interface DeadLettersOptions {
  readonly producer: Pick<KafkaProducer, 'send'>;
  readonly store: Pick<Store, 'insert'>;
  readonly eventsTopic: string;
  readonly dlqTopic: string;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
  /** Dead letters without a good event between that stop the loader. */
  readonly most: number;
  /** How many events have been loaded so far. */
  readonly loaded: () => number;
}

export function deadLetters(o: DeadLettersOptions): SetAside {
  let inRow = 0;
  let loadedThen = -1;
  return async (partition, entry, reason, error) => {
    inRow = o.loaded() === loadedThen ? inRow + 1 : 1;
    loadedThen = o.loaded();
    if (inRow > o.most)
      throw new BreakerError(
        `${String(inRow)} events in a row were refused, the last for: ${error.slice(0, 300)}; nothing more is set aside`,
      );
    const value = entry.datum ?? null;
    const message = {
      partition,
      offset: entry.offset,
      timestamp: entry.timestamp,
      key: null,
      value: value === null ? null : Buffer.from(value),
      headers: {},
    };
    await o.producer.send(o.dlqTopic, [deadLetterOf(message, reason, error)]);
    const at = new Date(entry.timestamp).toISOString().slice(0, 23).replace('T', ' ');
    await o.store.insert('dead_letters', [
      {
        topic: o.eventsTopic,
        router: '',
        at,
        captured_at: at,
        source_partition: partition,
        source_offset: entry.offset,
        reason: `${reason}: ${error.slice(0, 2_000)}`,
        command: '',
        bytes: value?.length ?? 0,
        kafka_partition: partition,
        kafka_offset: entry.offset,
      },
    ]);
    o.metrics.deadLetters.inc({ reason });
    o.log.error(
      { partition, offset: entry.offset, reason, error: error.slice(0, 2_000) },
      'an event was set aside',
    );
  };
}
