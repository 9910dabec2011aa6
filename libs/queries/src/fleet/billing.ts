/** Bills of wholesale: the monthly 95th percentile by realm or peer gateway. */
import { QuestionError, asked, known, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { named, nameOf, range } from './counted-names.ts';
import { printedRoles } from './speeds.ts';

export interface BilledTraffic {
  readonly name: string;
  /** 95th percentile of the rates (bit/s). */
  readonly rxBps: number;
  readonly txBps: number;
  /** The larger of both: what is billed. */
  readonly billedBps: number;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
}

export interface Billing {
  readonly from: number;
  readonly to: number;
  /** Length of a sample (s). */
  readonly stepS: number;
  readonly rows: readonly BilledTraffic[];
  /** Samples that any router's deltas cover, and that the month has: the others are gaps, and are no zeros. */
  readonly samples: number;
  readonly samplesExpected: number;
  /** Share of the traffic whose interval between polls is longer than a sample: its peaks are flatter than they were. */
  readonly coarseShare: number;
  /** Bytes that carry no such name. */
  readonly withoutName: bigint;
}

/**
 * Monthly 95th percentile by realm or peer gateway, as wholesale bills it: traffic spread evenly over the interval between the two
 * snapshots that showed it, in samples of `stepS`. Of LNSs and of routers whose role is not known; a LAC counts nothing.
 * @param question.month `2026-11`, in UTC. @throws QuestionError for what is no month
 */
export async function billing(
  client: QueryClient,
  question: AskOptions & {
    readonly month: string;
    readonly by: 'realm' | 'peer_gateway';
    readonly stepS?: number;
  },
): Promise<Billing> {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(question.month);
  if (match === null)
    throw new QuestionError(`${JSON.stringify(question.month)} is no month; it may be 2026-11`);
  const [year, month] = [Number(match[1]), Number(match[2])];
  const [from, to] = [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1)];
  const stepS = question.stepS ?? 300;
  const samples = new Samples(stepS);
  const days = await client.rows<{ day: number }>(
    `SELECT DISTINCT toUnixTimestamp(toStartOfDay(at)) AS day FROM deltas
     WHERE ${range} AND counters_rows > 0 ORDER BY day`,
    asked(question, { from: utcText(from), to: utcText(to) }),
  );
  // A day at a time: the names of all sessions of a month would not fit into memory.
  for (const { day } of days) {
    question.signal?.throwIfAborted();
    await addDay(client, question, day * 1_000, samples);
  }
  return { from, to, stepS, ...samples.billed(from, to) };
}

async function addDay(
  client: QueryClient,
  question: AskOptions & { readonly by: 'realm' | 'peer_gateway' },
  day: number,
  samples: Samples,
): Promise<void> {
  const events = `
    SELECT router, gop, at FROM deltas WHERE ${range} AND counters_rows > 0
      AND toString(router) NOT IN (SELECT router FROM (${printedRoles}) WHERE role = 'lac')`;
  const query = `
    SELECT ${nameOf[known(nameOf, question.by)]} AS name, toUnixTimestamp64Milli(c.at) AS at_ms, round(c.interval_s) AS seconds,
      sum(c.data_rx_bytes) AS rx, sum(c.data_tx_bytes) AS tx
    FROM ${named(events, range)} GROUP BY name, c.at, seconds`;
  const params = { from: utcText(day), to: utcText(day + 86_400_000) };
  for await (const block of client.blocks(query, asked(question, params)))
    for (const [name, at, seconds, rx, tx] of block)
      samples.add(String(name), Number(at), Number(seconds), BigInt(rx as string), BigInt(tx as string));
}

/** Rates by name and sample. */
export class Samples {
  readonly #stepMs: number;
  readonly #bins = new Map<string, Map<number, { rx: number; tx: number }>>();
  readonly #totals = new Map<string, { rx: bigint; tx: bigint }>();
  readonly #covered = new Set<number>();
  #coarse = 0;
  #all = 0;

  constructor(stepS: number) {
    this.#stepMs = stepS * 1_000;
  }

  /** Bytes that passed in the seconds before `at` (ms). */
  add(name: string, at: number, seconds: number, rx: bigint, tx: bigint): void {
    const length = Math.max(1, seconds * 1_000);
    const begin = at - length;
    const bins = this.#bins.get(name) ?? new Map<number, { rx: number; tx: number }>();
    this.#bins.set(name, bins);
    const [last, bytes] = [Math.ceil(at / this.#stepMs), Number(rx + tx)];
    for (let bin = Math.floor(begin / this.#stepMs); bin < last; bin++) {
      const share = (Math.min(at, (bin + 1) * this.#stepMs) - Math.max(begin, bin * this.#stepMs)) / length;
      if (share <= 0) continue;
      const sample = bins.get(bin) ?? { rx: 0, tx: 0 };
      bins.set(bin, { rx: sample.rx + Number(rx) * share, tx: sample.tx + Number(tx) * share });
      this.#covered.add(bin);
    }
    const total = this.#totals.get(name) ?? { rx: 0n, tx: 0n };
    this.#totals.set(name, { rx: total.rx + rx, tx: total.tx + tx });
    this.#all += bytes;
    if (length > this.#stepMs) this.#coarse += bytes;
  }

  /** Of the samples that begin within the times. */
  billed(
    from: number,
    to: number,
  ): Pick<Billing, 'rows' | 'samples' | 'samplesExpected' | 'coarseShare' | 'withoutName'> {
    const inside = (bin: number): boolean => bin * this.#stepMs >= from && bin * this.#stepMs < to;
    const covered = [...this.#covered].filter(inside);
    const rows = [...this.#totals].map(([name, total]): BilledTraffic => {
      const bins = this.#bins.get(name);
      // Where others were heard and this one had nothing, it had nothing.
      const rates = (way: 'rx' | 'tx'): number =>
        percentile95(covered.map((bin) => ((bins?.get(bin)?.[way] ?? 0) * 8_000) / this.#stepMs));
      const [rxBps, txBps] = [rates('rx'), rates('tx')];
      return { name, rxBps, txBps, billedBps: Math.max(rxBps, txBps), rxBytes: total.rx, txBytes: total.tx };
    });
    const unnamed = this.#totals.get('');
    return {
      rows: rows
        .filter((r) => r.name !== '')
        .sort((a, b) => b.billedBps - a.billedBps || (a.name < b.name ? -1 : 1)),
      samples: covered.length,
      samplesExpected: Math.ceil((to - from) / this.#stepMs),
      coarseShare: this.#all === 0 ? 0 : this.#coarse / this.#all,
      withoutName: unnamed === undefined ? 0n : unnamed.rx + unnamed.tx,
    };
  }
}

/** The largest value when the highest twentieth is left out, as bills are made; 0 of none. */
export function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
}
