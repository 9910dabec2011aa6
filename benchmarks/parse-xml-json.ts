/**
 * Speed of the XML and JSON readers on one core, with peers that do less: saxes only tells of elements, JSON.parse only builds
 * objects. Usage: node benchmarks/parse-xml-json.ts [MB] [sessions a tunnel]
 *
 * Prints MB/s (10^6 bytes), median of five runs, by the clock and by CPU time (which other work on the machine disturbs less, but which
 * counts the garbage collector's threads), and a hash of the rows, which must not change when the reader gets faster.
 */
import { createHash } from 'node:crypto';
import { SnapshotParser, defaultLayout, defaultDocument, printListing } from '@sessionreel/junos-l2tp';
import { StringTable, rowWords, layoutSlot, type SessionRecord } from '@sessionreel/session-model';
import { SaxesParser } from 'saxes';

const megabytes = Number(process.argv[2] ?? 40);
const perTunnel = Number(process.argv[3] ?? 16);

/** A session of an LNS with every leaf that a router is likely to fill. */
function session(i: number): SessionRecord {
  const n = BigInt(i);
  const created = 1_290_000_000 + i * 7;
  return {
    values: {
      tunnel_local_id: 1 + Math.floor(i / perTunnel),
      session_local_id: 1 + (i % 65535),
      session_remote_id: (i * 31) % 65536,
      create_time: created,
      call_serial_number: 4_000_000_000 + i,
      interface_name: 'si-5/2/0',
      interface_unit: 1_073_741_824 + i,
      state: 'established',
      bundle_id: '',
      user_name: `subscriber-${i}@isp.example`,
      mode: 'shared',
      local_ip: '192.0.2.1',
      remote_ip: `198.51.100.${Math.floor(i / perTunnel) % 250}`,
      peer_ip: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
      local_name: 'lns-mx960',
      remote_name: `lac-${Math.floor(i / perTunnel)}`,
      local_mru: 1500,
      remote_mru: 1492,
      tx_speed: 256000n,
      tx_speed_initial: 64000n,
      rx_speed: 64000n,
      bearer_type: 2,
      framing_type: 1,
      lcp_renegotiation: 'Off',
      authentication: 'CHAP',
      interface_id: null,
      policer_bandwidth: 64000n,
      up_time_s: 100_000 - (i % 90_000),
      idle_time_s: i % 600,
      statistics_since: created + 1,
      control_tx_packets: 4n,
      control_tx_bytes: 219n,
      control_rx_packets: 4n,
      control_rx_bytes: 221n,
      data_tx_packets: n * 7919n,
      data_tx_bytes: n * 10_007_919n,
      data_rx_packets: n * 5501n,
      data_rx_bytes: n * 3_301_001n,
      error_tx_packets: 0n,
      error_rx_packets: 0n,
    },
    rounding: {},
    unknown: [],
  };
}

function listing(format: 'xml' | 'json'): Buffer {
  const one = Buffer.concat([
    ...printListing(
      [{ record: session(1), layout: defaultLayout(format, 'extensive', session(1)) }],
      defaultDocument(format, 'extensive', null, 1),
    ),
  ]).length;
  const count = Math.ceil((megabytes * 1e6) / one);
  function* sessions() {
    for (let i = 0; i < count; i++)
      yield { record: session(i), layout: defaultLayout(format, 'extensive', session(i)) };
  }
  return Buffer.concat([...printListing(sessions(), defaultDocument(format, 'extensive', null, count))]);
}

function parse(bytes: Uint8Array, hash: ReturnType<typeof createHash> | null): number {
  let rows = 0;
  const parser = new SnapshotParser(new StringTable(), {
    begin: () => undefined,
    rows: (batch) => {
      rows += batch.count;
      if (hash === null) return;
      const words = batch.words.slice(0, batch.count * rowWords);
      // Layouts are numbered by their first use: what counts is which sessions share one.
      for (let i = 0; i < batch.count; i++) words[i * rowWords + layoutSlot] = 0;
      hash.update(words);
    },
    end: (facts) => {
      if (!facts.complete) throw new Error(facts.incompleteReason);
    },
  });
  for (let at = 0; at < bytes.length; at += 1 << 20) parser.write(bytes.subarray(at, at + (1 << 20)));
  parser.end();
  return rows;
}

function measure(name: string, bytes: number, run: () => void): void {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = process.hrtime.bigint();
    const used = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(used);
    wall.push((bytes * 1000) / Number(process.hrtime.bigint() - start));
    cpu.push(bytes / (user + system));
  }
  const median = (rates: number[]): string => (rates.sort((a, b) => a - b)[2] ?? 0).toFixed(0).padStart(6);
  console.log(`${name.padEnd(28)}${median(wall)} MB/s  ${median(cpu)} MB a CPU second`);
}

for (const format of ['xml', 'json'] as const) {
  const bytes = listing(format);
  const hash = createHash('sha256');
  const rows = parse(bytes, hash);
  console.log(
    `${format}: ${(bytes.length / 1e6).toFixed(1)} MB, ${rows} sessions, rows ${hash.digest('hex').slice(0, 16)}`,
  );
  measure(`sessionreel ${format}`, bytes.length, () => parse(bytes, null));
  if (format === 'xml')
    measure('saxes (events only)', bytes.length, () => {
      const parser = new SaxesParser();
      let leaves = 0;
      parser.on('text', () => leaves++);
      parser.write(bytes.toString('utf8')).close();
    });
  else
    measure('JSON.parse (objects only)', bytes.length, () => JSON.parse(bytes.toString('utf8')) as unknown);
}
