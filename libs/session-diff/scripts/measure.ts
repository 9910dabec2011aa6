/**
 * What the diff costs, without parser and encoder: nanoseconds a session and bytes a session, of one router.
 *
 *     node libs/session-diff/scripts/measure.ts [sessions] [rounds]
 *
 * One line of JSON for each case. `hash` is the state's after the case, so that nobody makes this faster by doing less.
 */
import {
  createRowBatch,
  indexOfField,
  layoutSlot,
  rowOfRecord,
  rowWords,
  setU64,
  slotOf,
  type FieldValue,
  type RowBatch,
  type SnapshotFacts,
  type StringTable,
} from '@sessionreel/session-model';
import { RouterState } from '../src/index.ts';

const sessions = Number(process.argv[2] ?? 64_000);
const rounds = Number(process.argv[3] ?? 5);
const batchRows = 512;
const begin = Date.UTC(2026, 2, 2, 12);

type Kind = 'lns-m' | 'lns-mx';

function valuesOf(kind: Kind, i: number, at: number): Record<string, FieldValue> {
  const created = begin / 1000 - 40_000 + Math.floor(i / 3);
  return {
    tunnel_local_id: 1 + Math.floor(i / 400),
    session_local_id: 1 + (i % 400) * 7,
    session_remote_id: 1 + ((i * 31) % 65_000),
    state: 'established',
    interface_unit: 1_073_741_824 + i,
    mode: 'shared',
    local_ip: '192.0.2.1',
    remote_ip: `198.51.100.${String(Math.floor(i / 400) % 250)}`,
    local_name: 'lns1',
    remote_name: `lac${String(Math.floor(i / 400))}`,
    tx_speed: 100_000_000n,
    rx_speed: 40_000_000n,
    bearer_type: 2,
    framing_type: 1,
    lcp_renegotiation: 'Off',
    authentication: 'CHAP',
    call_serial_number: 4_000_000_000 + i,
    create_time: created,
    up_time_s: at - created,
    idle_time_s: 0,
    statistics_since: created,
    control_tx_packets: 4n,
    control_tx_bytes: 88n,
    control_rx_packets: 4n,
    control_rx_bytes: 80n,
    data_tx_packets: 1000n,
    data_tx_bytes: 100_000n,
    data_rx_packets: 5000n,
    data_rx_bytes: 4_000_000n,
    error_tx_packets: 0n,
    error_rx_packets: 0n,
    ...(kind === 'lns-m'
      ? {
          tunnel_interface_name: 'sp-1/2/0',
          tunnel_group_name: 'group1',
          bundle_id: 1 + (i % 65_000),
          user_name: `user${String(i)}@example.net`,
          peer_ip: `100.${String(64 + (i >> 16))}.${String((i >> 8) & 255)}.${String(i & 255)}`,
          local_mru: 4000,
          remote_mru: 1500,
          interface_id: `unit_${String(i)}`,
          policer_bandwidth: 64_000n,
          policer_burstsize: 51_200n,
          firewall_filter: 'f1',
          encapsulation_overhead: 16,
          cell_overhead: 'On',
        }
      : {
          interface_name: 'si-1/0/0',
          tx_speed_initial: BigInt(50_000_000 + (i % 500) * 1000),
          rx_speed_initial: 10_000_000n,
          lcp_echo_req_tx_packets: 10n,
          lcp_echo_req_rx_packets: 10n,
          lcp_echo_rep_tx_packets: 10n,
          lcp_echo_rep_rx_packets: 10n,
          lcp_echo_req_timeout: 0n,
          lcp_tx_echo_rep_error: 0n,
          lcp_rx_echo_req_error: 0n,
        }),
  };
}

class Listing {
  readonly batches: RowBatch[] = [];
  constructor(kind: Kind, strings: StringTable) {
    for (let i = 0; i < sessions; i++) {
      if (i % batchRows === 0) this.batches.push(createRowBatch(batchRows, strings));
      const batch = this.batches.at(-1) as RowBatch;
      const row = batch.count++ * rowWords;
      const values = valuesOf(kind, i, begin / 1000);
      rowOfRecord({ values, rounding: {}, unknown: [] }, batch.words, row, strings);
      batch.words[row + layoutSlot] = strings.internText('{"layout":1}');
    }
  }

  /** Time goes on by a minute: clocks and data counters move, as a router's own would. */
  age(): void {
    const up = slotOf[indexOfField('up_time_s')] as number;
    const slots = ['data_tx_packets', 'data_tx_bytes', 'data_rx_packets', 'data_rx_bytes'].map(
      (name) => slotOf[indexOfField(name)] as number,
    );
    for (const { words, count } of this.batches)
      for (let i = 0; i < count; i++) {
        const row = i * rowWords;
        words[row + up] = (words[row + up] as number) + 60;
        for (const slot of slots) {
          const low = (words[row + slot] as number) + 1000 + (i & 63);
          if (low > 0xffffffff) setU64(words, row + slot, BigInt(low));
          else words[row + slot] = low;
        }
      }
  }

  shuffle(): void {
    const swap = new Uint32Array(rowWords);
    let seed = 1;
    for (const { words, count } of this.batches)
      for (let i = count - 1; i > 0; i--) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const j = seed % (i + 1);
        swap.set(words.subarray(i * rowWords, (i + 1) * rowWords));
        words.copyWithin(i * rowWords, j * rowWords, (j + 1) * rowWords);
        words.set(swap, j * rowWords);
      }
  }
}

const facts = (level: 'extensive'): SnapshotFacts => ({
  ordinal: 0,
  format: 'text',
  level,
  scope: {},
  variant: 'lns-mx',
  command: 'show services l2tp session extensive',
  router: null,
  complete: true,
  incompleteReason: '',
  routerClock: null,
  sessions,
  tunnels: 1,
  bytes: 0,
  unknownFields: 0,
  unknownNames: [],
  errors: [],
  document: '{}',
});

function take(state: RouterState, listing: Listing, minute: number): number {
  const at = begin + minute * 60_000;
  const started = process.cpuUsage();
  state.begin(
    {
      snapshotId: '',
      capturedAt: at,
      logTime: at,
      partition: 0,
      offset: minute,
      previousOffset: minute - 1,
      ordinal: 0,
      part: 1,
      parts: 1,
    },
    facts('extensive'),
  );
  for (const batch of listing.batches) state.rows(batch);
  state.end(facts('extensive'), () => undefined);
  const used = process.cpuUsage(started);
  return (used.user + used.system) / 1000;
}

function report(kind: Kind, name: string, ms: number[], state: RouterState): void {
  const best = ms.toSorted((a, b) => a - b);
  const median = best[best.length >> 1] as number;
  const line = {
    kind,
    case: name,
    sessions,
    ns_per_session: Math.round((median * 1e6) / sessions),
    sessions_per_s: Math.round(sessions / (median / 1000)),
    bytes_per_session: Math.round(state.bytes / sessions),
    hash: state.hash,
  };
  console.log(JSON.stringify(line));
}

for (const kind of ['lns-mx', 'lns-m'] as const) {
  const first: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const state = new RouterState('lns1', { keyframeEveryMs: Infinity });
    const listing = new Listing(kind, state.strings);
    first.push(take(state, listing, 0));
    if (round < rounds - 1) continue;
    report(kind, 'first snapshot', first, state);
    let minute = 1;
    const steady: number[] = [];
    for (; minute <= 3 * rounds; minute++) {
      listing.age();
      steady.push(take(state, listing, minute));
    }
    report(kind, 'steady, data counters moved', steady, state);
    const same: number[] = [];
    for (; minute <= 4 * rounds; minute++) same.push(take(state, listing, minute));
    report(kind, 'steady, only clocks stand still', same, state);
    const shuffled: number[] = [];
    for (; minute <= 5 * rounds; minute++) {
      listing.age();
      listing.shuffle();
      shuffled.push(take(state, listing, minute));
    }
    report(kind, 'shuffled, data counters moved', shuffled, state);
  }
}
