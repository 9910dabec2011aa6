/** Counters in closed form: what a call has carried until any moment, without going there step by step. */
import { counterFields } from '@sessionreel/session-model';
import type { Call, Traffic } from './model.ts';

const names = counterFields.map((f) => f.name);

/** Bits of each counter, in the catalogue's order: data bytes and packets have 64, all others 32. */
export const counterBits: readonly number[] = names.map((name) => (name.startsWith('data_') ? 64 : 32));

const masks = counterBits.map((bits) => (1n << BigInt(bits)) - 1n);

/** ms of burst since the beginning of time. */
function burstMs(traffic: Traffic, at: number): number {
  const whole = Math.floor((at + traffic.phase) / traffic.period);
  const within = at + traffic.phase - whole * traffic.period;
  return whole * traffic.active + Math.min(within, traffic.active);
}

/** When data last passed, at or before `at`; when the call was established if none did. */
export function idleSince(call: Call, at: number): number {
  const until = Math.min(at, call.closedAt);
  const { period, active, phase } = call.traffic;
  const whole = Math.floor((until + phase) / period);
  const within = until + phase - whole * period;
  if (active > 0 && within < active) return until;
  const established = call.establishedAt === 0 ? call.createdAt : call.establishedAt;
  return active === 0 ? established : Math.max(established, whole * period - phase + active);
}

/** All that the call ever counted until `at`: unwrapped, not cleared, in the catalogue's order. Never goes down with time. */
export function totals(call: Call, at: number): bigint[] {
  const until = Math.min(at, call.closedAt);
  const alive = Math.max(0, until - call.createdAt);
  const established = call.establishedAt !== 0 && until >= call.establishedAt;
  const { traffic } = call;
  const burst = established ? burstMs(traffic, until) - burstMs(traffic, call.establishedAt) : 0;
  const txBytes = Math.floor((burst / 1000) * traffic.txRate);
  const rxBytes = Math.floor((burst / 1000) * traffic.rxRate);
  const ended = at >= call.closedAt ? 1 : 0;
  const hellos = Math.floor(alive / 60_000);
  const controlTx = (established ? 4 : 2) + hellos + ended;
  const controlRx = (established ? 4 : 1) + hellos;
  const errors = traffic.errorEvery === 0 ? 0 : Math.floor(burst / traffic.errorEvery);
  const echoes = established ? Math.floor((until - call.establishedAt) / 30_000) : 0;
  const timeouts = Math.floor(echoes / 50);
  const counted = [
    controlTx,
    controlTx * 22 + 131,
    controlRx,
    controlRx * 20 + 133,
    Math.floor(txBytes / traffic.txSize),
    txBytes,
    Math.floor(rxBytes / traffic.rxSize),
    rxBytes,
    errors,
    Math.floor(errors / 3),
    echoes,
    echoes,
    echoes,
    echoes - timeouts,
    timeouts,
    0,
    0,
    Math.floor(errors / 7),
    0,
  ];
  return counted.map((value, counter) => BigInt(value) + (traffic.base.get(counter) ?? 0n));
}

/** What the router shows for `total`: less what was cleared, wrapped at the counter's width. */
export function shown(call: Call, total: readonly bigint[]): bigint[] {
  const { cleared } = call;
  return total.map((value, counter) => (value - (cleared?.[counter] ?? 0n)) & (masks[counter] ?? 0n));
}

/** The counters' catalogue names with their values. */
export function byName(values: readonly bigint[]): Record<string, bigint> {
  return Object.fromEntries(names.map((name, counter) => [name, values[counter] ?? 0n]));
}
