/** Waits until captures that were sent can be queried, and says what became of them. */
import { NotYet, waitFor, WaitTimeout } from '@sessionreel/ops';
import { outcomesOf, type QueryClient, type SourceOutcome } from '@sessionreel/queries';
import { CliError } from '../terminal/cli-error.ts';
import { tellable } from '../connections.ts';
import type { SentCapture } from './import-send.ts';

export interface Awaited {
  readonly outcomes: readonly SourceOutcome[];
  readonly last: readonly LedgerRow[];
}

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

/** What each message did; the last one of a snapshot has the counts of the whole. */
const query = `
SELECT source_offset, outcome, reason, final, complete, sessions, opened, changed, closed
FROM snapshots
WHERE source_partition = {partition:Int32} AND source_offset = {offset:Int64}
ORDER BY ordinal`;

/**
 * What became of a sent capture, once all of its messages can be queried whole: dead letters among them, and the ledger's rows of the
 * last one.
 * @throws CliError (status 3) when that takes longer than `limitMs`
 */
export async function waitForLedger(
  store: QueryClient,
  sent: SentCapture,
  limitMs: number,
  onWait: (reason: string) => void,
): Promise<Awaited> {
  const positions = sent.offsets.map((offset) => ({ partition: sent.partition, offset }));
  let failure: unknown;
  const probe = async (): Promise<Awaited> => {
    try {
      const outcomes = await outcomesOf(store, positions);
      failure = undefined;
      const there = new Set(outcomes.map((x) => x.offset)).size;
      if (there < positions.length)
        throw new NotYet(`${there} of ${positions.length} messages are in the ledger`);
      const params = { partition: sent.partition, offset: sent.offsets.at(-1) };
      return { outcomes, last: await store.rows<LedgerRow>(query, { params }) };
    } catch (error) {
      if (!(error instanceof NotYet)) failure = tellable(error);
      throw error;
    }
  };
  try {
    return await waitFor<Awaited>('the capture in ClickHouse', probe, {
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
