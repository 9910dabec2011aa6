/** A bar for long work: on a terminal only, and gone when the work is done. */
import { Presets, SingleBar } from 'cli-progress';
import { isTerminal } from './terminal.ts';

export interface Progress {
  /** More of it is done. */
  readonly add: (amount: number) => void;
  readonly stop: () => void;
}

/** @param total in the unit of `add` (bytes) */
export function createProgress(stream: NodeJS.WritableStream, label: string, total: number): Progress {
  // Below a megabyte it would only flicker.
  if (!isTerminal(stream) || total < 3_000_000) return { add: nothing, stop: nothing };
  const bar = new SingleBar(
    {
      stream,
      format: `${label} {bar} {percentage}% | {eta_formatted}`,
      clearOnComplete: true,
      hideCursor: true,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { add: (amount) => bar.increment(amount), stop: () => bar.stop() };
}

function nothing(): void {
  // No bar.
}
