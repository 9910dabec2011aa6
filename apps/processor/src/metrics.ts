/** The processor's metrics; docs/operations says what to do when one is bad. */
import type { Metrics } from '@sessionreel/ops';
import type { Done } from './run-batch.ts';

/** What each metric is made with; one object, so that every part of the processor counts into the same ones. */
export function processorMetrics(metrics: Metrics) {
  return {
    messages: metrics.counter('messages_total', 'Input messages committed, by outcome', ['outcome']),
    bytes: metrics.counter('input_bytes_total', 'Bytes of input messages committed'),
    sessions: metrics.counter('sessions_total', 'Sessions listed in committed captures'),
    changes: metrics.counter('changes_total', 'Changes found in committed captures, by kind', ['kind']),
    events: metrics.counter('events_total', 'Events written, by kind', ['kind']),
    eventBytes: metrics.counter('event_bytes_total', 'Bytes of events written'),
    deadLetters: metrics.counter('dead_letters_total', 'Dead letters, by reason', ['reason']),
    forwarded: metrics.counter('forwarded_total', 'Messages forwarded to the partition of their router'),
    anomalies: metrics.counter('anomalies_total', 'Anomalies found'),
    unknownFields: metrics.counter('unknown_fields_total', 'Values of unknown labels'),
    lostMessages: metrics.counter('lost_messages_total', 'Input offsets deleted before they were read'),
    restores: metrics.counter('restores_total', 'Restores of partitions, by cause', ['cause']),
    restoreSeconds: metrics.histogram(
      'restore_seconds',
      'How long a restore takes',
      [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    ),
    workersLost: metrics.counter('workers_lost_total', 'Worker threads replaced, by reason', ['reason']),
    aborts: metrics.counter('aborts_total', 'Transactions that did not commit, by error', ['error']),
    transactionSeconds: metrics.histogram(
      'transaction_seconds',
      'From the beginning of a transaction to its commit',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    ),
    batchMessages: metrics.histogram(
      'batch_messages',
      'Messages in a transaction',
      [1, 3, 10, 30, 100, 300, 1_000],
    ),
    batchBytes: metrics.histogram(
      'batch_bytes',
      'Bytes of messages in a transaction',
      [1e4, 1e5, 1e6, 3e6, 1e7, 3e7, 1e8],
    ),
    lagOffsets: metrics.gauge('lag_offsets', 'Messages not committed yet', ['partition']),
    lagSeconds: metrics.gauge('lag_seconds', 'Age of the last committed message while there are more', [
      'partition',
    ]),
    queueBytes: metrics.gauge('queue_bytes', 'Bytes fetched and waiting, or in work'),
    workerBusy: metrics.gauge('worker_busy_seconds', 'Time spent on tasks by each worker', ['worker']),
    partitions: metrics.gauge('partitions', 'Partitions by state', ['state']),
    breakerOpen: metrics.gauge('breaker_open', '1 when the breaker stopped the processor'),
  };
}

/** Counts a batch that has committed. */
export function countCommitted(metrics: ProcessorMetrics, done: Done): void {
  metrics.batchMessages.observe(done.messages.length);
  metrics.batchBytes.observe(done.bytes);
  metrics.bytes.inc(done.bytes);
  metrics.forwarded.inc(done.forwards.length);
  for (const { outcome } of done.outcomes) metrics.messages.inc({ outcome });
  for (const { reason } of done.deadLetters.values()) metrics.deadLetters.inc({ reason });
  for (const { entry, value } of done.events) {
    metrics.events.inc({ kind: entry.kind });
    metrics.eventBytes.inc(value.length);
  }
  for (const { counts } of done.results) {
    metrics.sessions.inc(counts['sessions'] ?? 0);
    metrics.anomalies.inc(counts['anomalies'] ?? 0);
    metrics.unknownFields.inc(counts['unknown_fields'] ?? 0);
    for (const kind of ['opened', 'changed', 'closed', 'counters'])
      metrics.changes.inc({ kind }, counts[kind] ?? 0);
  }
}

export type ProcessorMetrics = ReturnType<typeof processorMetrics>;
