/** What became of the demo's captures: all of them, or the demo has failed. */
import type { Store } from '@sessionreel/clickhouse';
import { NotYet, waitFor } from '@sessionreel/ops';
import { outcomesOf } from '@sessionreel/queries';
import type { SentMessage } from './demo.ts';

export interface DemoSummary {
  readonly captures: number;
  readonly bytes: number;
  readonly applied: number;
  readonly stale: number;
  readonly deadLetters: number;
  /** Captures that cannot be queried although nothing was wrong with them. */
  readonly lost: readonly string[];
  readonly sessions: number;
  readonly events: number;
  /** Rows in the tables of history, counters and ledger. */
  readonly rows: number;
  readonly seconds: number;
}

interface Counts {
  sessions: string;
  events: string;
}

/** Waits until every message stands in the ledger, and sums up. */
export async function summarise(
  store: Store,
  sent: readonly SentMessage[],
  began: number,
  options: {
    limitMs: number;
    signal: AbortSignal;
    onWait: (what: string, ms: number, reason: string) => void;
  },
): Promise<DemoSummary> {
  const missing = new Map(sent.map((one) => [key(one), one]));
  const outcomes = new Map<string, 'applied' | 'stale' | 'dead_letter'>();
  const look = async (): Promise<boolean> => {
    for (const found of await outcomesOf(store, [...missing.values()])) {
      const one = key({ partition: found.partition, offset: found.offset });
      missing.delete(one);
      outcomes.set(one, found.outcome);
    }
    if (missing.size > 0) throw new NotYet(`${sent.length - missing.size} of ${sent.length} can be queried`);
    return true;
  };
  // A time-out is not the end: what is missing then is lost, and the summary says which.
  await waitFor("the demo's captures", look, { ...options, everyMs: 300 }).catch(() =>
    options.signal.throwIfAborted(),
  );
  const of = (outcome: string): number => [...outcomes.values()].filter((one) => one === outcome).length;
  const lost = sent
    .filter((one) => missing.has(key(one)) || (one.sound && outcomes.get(key(one)) === 'dead_letter'))
    .map((one) => `${one.router} (partition ${one.partition}, offset ${one.offset})`);
  return {
    captures: sent.length,
    bytes: sent.reduce((sum, one) => sum + one.bytes, 0),
    applied: of('applied'),
    stale: of('stale'),
    deadLetters: of('dead_letter'),
    lost,
    ...(await counts(store, sent)),
    seconds: (performance.now() - began) / 1_000,
  };
}

function key(position: { partition: number; offset: number }): string {
  return `${position.partition}:${position.offset}`;
}

async function counts(
  store: Store,
  sent: readonly SentMessage[],
): Promise<{ sessions: number; events: number; rows: number }> {
  const positions = sent.map((one) => [one.partition, one.offset]);
  const [sums] = await store.rows<Counts>(
    `SELECT sum(sessions) AS sessions, sum(opened + changed + closed) AS events FROM snapshots
     WHERE final AND outcome = 'applied'
       AND has({positions:Array(Array(Int64))}, [toInt64(source_partition), toInt64(source_offset)])`,
    { params: { positions } },
  );
  const [stored] = await store.rows<{ rows: string }>(
    `SELECT sum(total_rows) AS rows FROM system.tables
     WHERE database = currentDatabase() AND name IN ('session_history', 'counter_deltas', 'snapshots')`,
  );
  return {
    sessions: Number(sums?.sessions ?? 0),
    events: Number(sums?.events ?? 0),
    rows: Number(stored?.rows ?? 0),
  };
}

export function printSummary(summary: DemoSummary): string {
  const n = (value: number): string => value.toLocaleString('en-US');
  const lines = [
    `in    ${n(summary.captures)} captures, ${n(summary.bytes)} bytes`,
    `out   ${n(summary.applied)} applied, ${n(summary.stale)} stale, ${n(summary.deadLetters)} dead letters`,
    `      ${n(summary.sessions)} sessions, ${n(summary.events)} events`,
    `      ${n(summary.rows)} rows in ClickHouse`,
    `      ${summary.seconds.toFixed(1)} s`,
    summary.lost.length === 0 ? 'nothing lost' : `LOST  ${summary.lost.join('\n      ')}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
