/** The metadata that stands beside the committed offset of an input partition. */
import { z } from 'zod';

const schema = z.object({
  v: z.literal(1),
  /** Offset in `l2tp.events` that a restore begins at; -1 when there is nothing to restore. */
  restore: z.int().min(-1),
  /** Source offset of the last ledger entry; -1 when there is none. */
  source: z.int().min(-1),
  /** Latest Kafka timestamp seen (ms): the time that deadlines go by. */
  time: z.number(),
});

export type Progress = Omit<z.infer<typeof schema>, 'v'>;

export const noProgress: Progress = { restore: -1, source: -1, time: 0 };

export function writeProgress(progress: Progress): string {
  return JSON.stringify({ v: 1, ...progress });
}

/** What was committed; undefined when it is not ours (empty, cut, or of a later version). */
export function readProgress(metadata: string): Progress | undefined {
  try {
    const { restore, source, time } = schema.parse(JSON.parse(metadata));
    return { restore, source, time };
  } catch {
    return undefined;
  }
}
