import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly limitMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
  /** Called first after a second and then about each 5 s, with what is being waited for and the last reason. */
  readonly onWait?: (what: string, elapsedMs: number, lastReason: string) => void;
}

/** A wait that ran out of time; the message says what for and what was seen last. */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}

/** Why a probe is not there yet, for `waitFor`'s messages. Any error thrown does the same. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/**
 * Calls `probe` until it gives a value other than undefined or false; a thrown error means not yet. Throws
 * `WaitTimeout` past the limit and the signal's reason on abort.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, undefined | false>> {
  const began = performance.now();
  let nextReport = 1_000;
  let reason = 'no answer yet';
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    const elapsed = performance.now() - began;
    if (elapsed >= options.limitMs)
      throw new WaitTimeout(`${what}: waited ${Math.round(elapsed / 1_000)} s in vain; last: ${reason}`);
    if (elapsed >= nextReport) {
      options.onWait?.(what, elapsed, reason);
      nextReport = elapsed + 5_000;
    }
    await pause(options.everyMs ?? 100, options.signal);
  }
}

/** Sleeps until a wall clock time, epoch ms; returns at once when it has passed. Throws on abort. */
export async function sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
  // Timers beyond 2^31 ms fire at once, and clocks step: sleep in slices and look again.
  for (let left = at - Date.now(); left > 0; left = at - Date.now())
    await pause(Math.min(left, 60_000), signal);
}

/** Sleeps; throws the signal's reason on abort. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? undefined : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
