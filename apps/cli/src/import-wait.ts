/** Waits until captures that were sent can be queried, and says what became of them. */
import type { Store } from '@sessionreel/clickhouse';
import { NotYet, waitFor, WaitTimeout } from '@sessionreel/ops';
import { CliError } from './cli-error.ts';
import { tellable } from './connections.ts';
import type { SentCapture } from './import-send.ts';

export interface LedgerRow {
  readonly source_offset: string;
  readonly outcome: 'applied' | 'stale' | 'dead_letter';
  readonly reason: string;
  readonly final: boolean;
  readonly complete: boolean;
  readonly sessions: string;
  readonly opened: string;
  readonly changed: string;
  readonly closed: string;
}

const query = `
SELECT source_offset, outcome, reason, final, complete, sessions, opened, changed, closed
FROM snapshots
WHERE source_partition = {partition:Int32} AND source_offset IN {offsets:Array(Int64)}
ORDER BY source_offset, ordinal`;

/**
 * The ledger's rows of a sent capture, once there is one for each of its messages.
 * @throws CliError (status 3) when that takes longer than `limitMs`
 */
export async function waitForLedger(
  store: Pick<Store, 'rows'>,
  sent: SentCapture,
  limitMs: number,
  onWait: (reason: string) => void,
): Promise<LedgerRow[]> {
  const params = { partition: sent.partition, offsets: sent.offsets };
  let failure: unknown;
  const probe = async (): Promise<LedgerRow[]> => {
    let rows: LedgerRow[];
    try {
      rows = await store.rows<LedgerRow>(query, { params });
    } catch (error) {
      failure = tellable(error);
      throw error;
    }
    failure = undefined;
    const there = new Set(rows.map((row) => row.source_offset)).size;
    if (there < sent.offsets.length)
      throw new NotYet(`${there} of ${sent.offsets.length} messages are in the ledger`);
    return rows;
  };
  try {
    return await waitFor('the capture in ClickHouse', probe, {
      limitMs,
      everyMs: 200,
      onWait: (_what, _elapsed, reason) => onWait(reason),
    });
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error;
    if (failure instanceof CliError) throw failure;
    throw new CliError(
      3,
      `the capture was sent, but is not in ClickHouse after ${Math.round(limitMs / 1000)} s`,
      'Are processor and loader running? reel status says.',
      { cause: error },
    );
  }
}
