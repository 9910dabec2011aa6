/**
 * kafkajs 2.2.4 sets a timer after every answer to look for requests that a throttled broker has held back, also when none
 * is: with a delay of minus the time since 1970, which Node takes as 1 ms (and, since Node 24, warns of). The timer sets the
 * next one, so that every idle connection wakes the process a thousand times a second (kafkajs #1751). Here it is set only
 * when something waits.
 */
import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let mended = false;

export function mendTimers(): void {
  if (mended) return;
  mended = true;
  const require = createRequire(import.meta.url);
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  // Called below with its own `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
