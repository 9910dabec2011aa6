/** What can go wrong with ClickHouse, as a closed union, with what helps. */
import { ClickHouseError } from '@clickhouse/client';

/**
 * - `unreachable`: no answer, or half of one: the request may have been carried out or not
 * - `incomplete`: an insert was answered, and what stands in the tables is less or more than it: heal
 * - `busy`: the server is overloaded, shutting down or read-only: later
 * - `too_many_parts`: inserts come faster than merges: later, and in larger batches
 * - `too_many_partitions`: one insert reaches too many days: split it
 * - `memory`: over a memory limit: smaller, or later
 * - `disk`: no space left: later
 * - `bad_data`: the data is refused, and would be again
 * - `refused`: user, password or rights
 * - `schema`: a table, column or database is missing: migrations
 * - `cancelled`: killed, aborted or over its time limit
 * - `limit`: the answer is larger than was allowed
 * - `query`: any other error of the server
 */
export type StoreErrorCode =
  | 'unreachable'
  | 'incomplete'
  | 'busy'
  | 'too_many_parts'
  | 'too_many_partitions'
  | 'memory'
  | 'disk'
  | 'bad_data'
  | 'refused'
  | 'schema'
  | 'cancelled'
  | 'limit'
  | 'query';

const retryable: ReadonlySet<StoreErrorCode> = new Set([
  'unreachable',
  'incomplete',
  'busy',
  'too_many_parts',
  'memory',
  'disk',
  'cancelled',
]);

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** ClickHouse's own code (system.errors), where the server answered. */
  readonly serverCode: number | undefined;

  constructor(code: StoreErrorCode, message: string, serverCode?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.code = code;
    this.retryable = retryable.has(code);
    this.serverCode = serverCode;
  }
}

/** ClickHouse's numbers by our code; source: ErrorCodes.cpp. 252 is two things, told apart by its text. */
const byNumber: ReadonlyMap<number, StoreErrorCode> = new Map(
  Object.entries({
    busy: [202, 203, 225, 236, 242, 285, 289, 319, 439, 473, 505, 506, 555, 999],
    unreachable: [209, 210, 279, 3, 32, 1000],
    memory: [173, 241],
    disk: [243, 75, 76],
    refused: [192, 193, 194, 195, 497, 516],
    schema: [16, 47, 60, 81, 10, 20, 8, 36],
    cancelled: [159, 160, 394, 735],
    limit: [158, 161, 307, 396],
    // Parsing and conversion, out of Avro too (its own exceptions come as 1001).
    bad_data: [
      6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 128, 129, 130, 131, 190, 321, 349, 441, 467, 675, 676, 691,
      1001,
    ],
  } satisfies Partial<Record<StoreErrorCode, number[]>>).flatMap(([code, numbers]) =>
    numbers.map((n) => [n, code as StoreErrorCode]),
  ),
);

/** The `StoreError` that stands for whatever the client threw. */
export function storeErrorOf(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ClickHouseError)) {
    // Node says `aborted`, too, of an answer that the server broke off: only these two are of our own doing.
    const aborted =
      error instanceof Error && (error.name === 'AbortError' || message === 'The user aborted a request.');
    return new StoreError(aborted ? 'cancelled' : 'unreachable', `${doing}: ${message}`, undefined, error);
  }
  const number = Number(error.code);
  return new StoreError(codeOf(number, message), `${doing}: ${message}`, number, error);
}

function codeOf(number: number, message: string): StoreErrorCode {
  if (number === 252) return message.includes('partitions') ? 'too_many_partitions' : 'too_many_parts';
  return byNumber.get(number) ?? 'query';
}
