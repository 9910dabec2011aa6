/** What contenders agree on: a hash of some fields of every session, in the listing's order. `textfsm_peer.py` and `lxml_peer.py` do the same. */
export const hashNames = [
  'tunnel_local_id',
  'session_local_id',
  'session_remote_id',
  'state',
  'interface_unit',
  'local_name',
  'remote_name',
  'call_serial_number',
  'data_tx_packets',
  'data_tx_bytes',
  'data_rx_packets',
  'data_rx_bytes',
] as const;

export type Value = string | number | bigint | null | undefined;

/** A session's line in the hash. */
export function lineOf(values: readonly Value[]): string {
  return `${values.map((value) => String(value ?? '').toLowerCase()).join('|')}\n`;
}

/** Seconds and CPU seconds of what `timed` gives back. */
export interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export function timed(run: () => void): Timed {
  const start = performance.now();
  const used = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/**
 * A collector of captures runs for months: code is measured once the engine has compiled it, ours and the peers' alike. The harness
 * collects all garbage before a run, and the engine throws compiled code away then: so this comes before each.
 */
export function warmUp(run: () => void, seconds: number): void {
  const until = performance.now() + seconds * 1000;
  do run();
  while (performance.now() < until);
}
