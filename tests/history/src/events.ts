/** Events as the processor writes them, put together by hand for tests, and put into ClickHouse as the loader does. */
import { insertInbox, takeFence, tokenOf, type Store } from '@sessionreel/clickhouse';
import { createEventWriter, encodeDelta, imageFields, ocfOf, takeWritten } from '@sessionreel/session-events';
import {
  counterFields,
  emptyLedgerEntry,
  fields,
  type CounterDelta,
  type FieldValue,
  type LedgerEntry,
  type RoundedCounterDelta,
  type SessionDelta,
  type SessionImage,
} from '@sessionreel/session-model';

export function ledgerEntry(over: Partial<LedgerEntry> = {}): LedgerEntry {
  return emptyLedgerEntry({
    snapshot_id: 'snap',
    final: true,
    format: 'text',
    level: 'extensive',
    variant: 'lns-mx',
    command: 'show services l2tp session extensive',
    complete: true,
    bytes: 100,
    ...over,
  });
}

export interface ImageInput {
  readonly tunnel: number;
  readonly session: number;
  /** By field name, as in a record: undefined absent, null N/A, '' printed empty. Datetimes in local seconds. */
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly rounding?: Readonly<Record<string, number>>;
  readonly reason?: string;
  readonly changed?: string[];
  readonly lastSeen?: number;
  readonly layout?: bigint;
  readonly rank?: number;
  readonly idleSince?: number | null;
  readonly clockOffset?: number;
  readonly unknown?: { name: string; value: string }[];
}

const letterOf = (value: FieldValue | undefined): string =>
  value === undefined ? '.' : value === null ? 'n' : value === '' ? 'e' : 'v';

export function image(input: ImageInput): SessionImage {
  const all: Record<string, FieldValue | undefined> = {
    ...input.values,
    tunnel_local_id: input.tunnel,
    session_local_id: input.session,
  };
  const values: Record<string, FieldValue> = {};
  for (const f of imageFields) {
    const value = all[f.name];
    const text = f.type === 'text' || f.type === 'word' || f.type === 'address';
    if (value === undefined || value === null || value === '') values[f.name] = text ? '' : null;
    else values[f.name] = f.type === 'datetime' ? Number(value) * 1_000 : value;
  }
  const created = all['create_time'];
  return {
    tunnel_local_id: input.tunnel,
    session_local_id: input.session,
    reason: input.reason ?? '',
    changed: input.changed ?? [],
    last_seen_at: input.lastSeen ?? 0,
    created_at: typeof created === 'number' ? created * 1_000 : null,
    idle_since: input.idleSince == null ? null : input.idleSince * 1_000,
    clock_offset_s: input.clockOffset ?? 0,
    layout: input.layout ?? 0n,
    rank: input.rank ?? 0,
    presence: fields.map((f) => letterOf(all[f.name])).join(''),
    rounding: { ...input.rounding },
    unknown: input.unknown ?? [],
    values,
  };
}

export function counterDelta(
  tunnel: number,
  session: number,
  deltas: Readonly<Record<string, bigint>>,
  over: Partial<CounterDelta> = {},
): CounterDelta {
  let seen = 0;
  counterFields.forEach((f, i) => {
    if (deltas[f.name] !== undefined) seen |= 1 << i;
  });
  return {
    tunnel_local_id: tunnel,
    session_local_id: session,
    create_time: null,
    created_at: null,
    interval_s: 300,
    kind: 'normal',
    seen: seen >>> 0,
    deltas: Object.fromEntries(counterFields.map((f) => [f.name, deltas[f.name] ?? 0n])),
    ...over,
  };
}

export function roundedDelta(
  delta: CounterDelta,
  errors: Readonly<Record<string, bigint>>,
): RoundedCounterDelta {
  return {
    ...delta,
    errors: Object.fromEntries(counterFields.map((f) => [`${f.name}_error`, errors[f.name] ?? 0n])),
  };
}

export function datumOf(delta: SessionDelta): Uint8Array {
  const writer = createEventWriter();
  encodeDelta(delta, writer);
  return takeWritten(writer);
}

/** Inserts deltas behind the ones inserted before, as one batch of one partition. */
export class TestLog {
  readonly #store: Store;
  readonly partition: number;
  offset = 0;
  epoch = 0;

  constructor(store: Store, partition = 0) {
    this.#store = store;
    this.partition = partition;
  }

  async append(deltas: readonly SessionDelta[]): Promise<void> {
    if (this.epoch === 0)
      this.epoch = await takeFence(this.#store, [this.partition], `test ${String(Math.random())}`);
    const first = this.offset;
    const messages = deltas.map((delta) => ({
      partition: this.partition,
      offset: this.offset++,
      datum: datumOf(delta),
    }));
    const ranges = [{ partition: this.partition, first, last: this.offset - 1, messages: deltas.length }];
    await insertInbox(this.#store, {
      ocf: ocfOf(messages, this.epoch),
      ranges,
      epoch: this.epoch,
      token: tokenOf(this.epoch, ranges, 0),
      queryId: `test-${String(this.epoch)}-${String(first)}`,
    });
  }
}
