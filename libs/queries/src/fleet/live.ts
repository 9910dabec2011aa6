/** What came in since the last look: for pages that show changes as they come. */
import { asked, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';

/** How far each partition of l2tp.events is in every table: the greatest offset by partition. */
export type Progress = ReadonlyMap<number, number>;

export interface LiveEntry {
  readonly router: string;
  readonly at: number;
  readonly outcome: 'applied' | 'stale' | 'dead_letter';
  readonly complete: boolean;
  readonly level: string;
  readonly sessions: number;
  readonly opened: number;
  readonly changed: number;
  readonly closed: number;
}

export interface LiveEvent {
  readonly router: string;
  readonly at: number;
  readonly kind: string;
  readonly sessions: number;
  readonly detail: string;
}

export async function progress(client: QueryClient, options: AskOptions): Promise<Progress> {
  const rows = await client.rows<{ partition: number; loaded: string }>(
    'SELECT kafka_partition AS partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY partition',
    asked(options, {}),
  );
  return new Map(rows.map((r) => [r.partition, Number(r.loaded)]));
}

/** Ledger entries and router events between two progresses, the oldest first. */
export async function newsBetween(
  client: QueryClient,
  since: Progress,
  until: Progress,
  options: AskOptions,
): Promise<{ readonly entries: LiveEntry[]; readonly events: LiveEvent[] }> {
  // Numbers as text of a condition are safe.
  const news = [...until]
    .filter(([partition, loaded]) => loaded > (since.get(partition) ?? -1))
    .map(
      ([partition, loaded]) =>
        `(t.kafka_partition = ${Math.trunc(partition)} AND t.kafka_offset > ${Math.trunc(since.get(partition) ?? -1)} AND t.kafka_offset <= ${Math.trunc(loaded)})`,
    );
  if (news.length === 0) return { entries: [], events: [] };
  const where = `(${news.join(' OR ')})`;
  const entries = await client.rows<Record<string, string | number | boolean>>(
    `SELECT t.router AS router, ${msOf('t.at')} AS at, outcome, complete, level, sessions, opened, changed, closed
     FROM snapshots AS t WHERE ${where} AND (final OR outcome != 'applied') ORDER BY t.at, t.seq LIMIT 5000`,
    asked(options, {}),
  );
  const events = await client.rows<Record<string, string | number>>(
    `SELECT t.router AS router, ${msOf('t.at')} AS at, kind, sessions, detail FROM router_events AS t WHERE ${where} ORDER BY t.at, t.seq LIMIT 1000`,
    asked(options, {}),
  );
  return {
    entries: entries.map((r) => ({
      router: String(r['router']),
      at: Number(r['at']),
      outcome: r['outcome'] as LiveEntry['outcome'],
      complete: Boolean(r['complete']),
      level: String(r['level']),
      sessions: Number(r['sessions']),
      opened: Number(r['opened']),
      changed: Number(r['changed']),
      closed: Number(r['closed']),
    })),
    events: events.map((r) => ({
      router: String(r['router']),
      at: Number(r['at']),
      kind: String(r['kind']),
      sessions: Number(r['sessions']),
      detail: String(r['detail']),
    })),
  };
}
