/** The load: what a simulated fleet prints, as messages that are the same for the same seed. */
import { Prng, headersOf, simulate } from '@sessionreel/fleet-sim';
import { partitionOf } from '@sessionreel/kafka';

export const partitions = 4;
/** Nothing but forwarded messages lies here, so that their order does not depend on when they were forwarded. */
export const foreignPartition = 3;

export interface InputMessage {
  readonly key: string;
  readonly partition: number;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Kafka's time (ms). */
  readonly timestamp: number;
}

export interface InputOptions {
  readonly seed: string;
  readonly routers: number;
  /** Mean sessions of a router. */
  readonly sessions: number;
  /** Of simulated time. Keyframes come every 6. */
  readonly hours: number;
}

/** Long ago, so that no broker takes it for the future; with the end of daylight saving time in it. */
const start = Date.UTC(2024, 9, 26, 18);
const hourMs = 3_600_000;

/**
 * Everything that goes wrong with captures and routers goes wrong (duplicates, late ones, cuts, garbage, clocks that are set); one
 * router's captures lie in a foreign partition; and now and then Kafka's own time jumps.
 */
export function makeInput(options: InputOptions): InputMessage[] {
  const { seed, routers, sessions, hours } = options;
  const sim = simulate({
    seed,
    routers: { count: routers, sessions },
    start,
    durationMs: hours * hourMs,
    pollEveryMs: 20 * 60_000,
    polls: [
      { level: 'extensive', everyMs: 20 * 60_000 },
      { level: 'brief', everyMs: 11 * 60_000 },
      { level: 'statistics', everyMs: 47 * 60_000 },
    ],
    faults: 'harsh',
    partSessions: Math.ceil(sessions * 0.6),
  });
  const foreign = sim.routers[0]?.name ?? '';
  const keys = new Map(sim.routers.map(({ name }) => [name, keyOf(name, name === foreign)]));
  const prng = new Prng(`${seed}/messages`);
  const messages: InputMessage[] = [];
  for (const item of sim) {
    if (item.kind !== 'capture') continue;
    const key = keys.get(item.router) ?? item.router;
    const home = partitionOf(Buffer.from(key), partitions);
    messages.push({
      key,
      partition: home === foreignPartition ? 0 : home,
      value: item.bytes,
      headers: headersOf(item),
      timestamp: item.at + jump(prng),
    });
  }
  return messages;
}

/** Producers' clocks: a few messages carry a time far off. */
function jump(prng: Prng): number {
  if (prng.chance(0.003)) return hourMs;
  return prng.chance(0.003) ? -2 * hourMs : 0;
}

/** The name, with a number behind it where the partition would be the wrong one. */
function keyOf(name: string, foreign: boolean): string {
  for (let n = 1; n < 100; n++) {
    const key = n === 1 ? name : `${name}-${n}`;
    if ((partitionOf(Buffer.from(key), partitions) === foreignPartition) === foreign) return key;
  }
  throw new Error(`no name like ${name} has the wanted partition`);
}
