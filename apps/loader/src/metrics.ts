/** What the loader counts. docs/operations says what to do when one of them is bad. */
import type { Metrics } from '@sessionreel/ops';

export type LoaderMetrics = ReturnType<typeof loaderMetrics>;

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];

export function loaderMetrics(metrics: Metrics) {
  return {
    events: metrics.counter('events_total', 'Events that stand in ClickHouse'),
    bytes: metrics.counter('bytes_total', 'Bytes of those events'),
    skipped: metrics.counter('checkpoints_skipped_total', 'Checkpoint messages passed over'),
    inserts: metrics.counter('inserts_total', 'Inserts that were proven to have arrived'),
    insertSeconds: metrics.histogram('insert_seconds', 'Time of an insert, with its proof', seconds),
    batchEvents: metrics.histogram(
      'batch_events',
      'Events in an insert',
      [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000],
    ),
    queryableSeconds: metrics.histogram(
      'queryable_seconds',
      'From the Kafka timestamp of an event until it can be queried',
      seconds,
    ),
    failures: metrics.counter('insert_failures_total', 'Inserts that failed, by what was wrong', ['code']),
    healed: metrics.counter('heals_total', 'Ranges that were removed to be inserted again'),
    healedRows: metrics.counter('healed_rows_total', 'Rows that were removed by that'),
    fenced: metrics.counter(
      'fenced_total',
      'Inserts that were dropped because another loader has the partition',
    ),
    deadLetters: metrics.counter('dead_letters_total', 'Events that were set aside', ['reason']),
    queueBytes: metrics.gauge('queue_bytes', 'Bytes of events that wait in memory'),
    lagOffsets: metrics.gauge('lag_offsets', 'Offsets between what is loaded and the end', ['partition']),
    lagSeconds: metrics.gauge('lag_seconds', 'Age of the last loaded event when it was loaded', [
      'partition',
    ]),
    partitions: metrics.gauge('partitions', 'Partitions that this loader has'),
    rollupSeconds: metrics.histogram('rollup_seconds', 'Time of rolling up finished hours', seconds),
    audits: metrics.counter('audits_total', 'Audits of sampled states, by outcome', ['outcome']),
    auditedStates: metrics.counter('audited_states_total', 'States that were rebuilt and compared'),
    auditProblems: metrics.gauge(
      'audit_problems',
      'States of the last sample that are not what their router printed',
    ),
    auditSeconds: metrics.histogram('audit_seconds', 'Time of auditing a sample', seconds),
    rollupFailures: metrics.counter('rollup_failures_total', 'Roll-ups that failed and will be tried again'),
  };
}
