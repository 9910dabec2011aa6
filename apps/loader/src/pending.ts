/** What stands in the metadata of a committed offset: the range whose insert may be under way. */

export interface Pending {
  /** First and last offset, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly attempt: number;
  /** Of the loader that inserts; ids of its requests begin with it. */
  readonly epoch: number;
}

export function pendingText(pending: Pending): string {
  return JSON.stringify({ pending });
}

/** Undefined when nothing was under way. Metadata that cannot be read is not passed over: something else committed here. */
export function readPending(metadata: string): Pending | undefined {
  if (metadata === '') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata);
  } catch {
    throw new Error(`the loader's group has metadata that is not the loader's: ${metadata.slice(0, 200)}`);
  }
  const pending = (parsed as { pending?: Partial<Pending> } | null)?.pending;
  if (pending === undefined) return undefined;
  const { first, last, attempt, epoch } = pending;
  if (![first, last, attempt, epoch].every((n) => typeof n === 'number' && Number.isSafeInteger(n)))
    throw new Error(`the loader's group has a pending range that cannot be read: ${metadata.slice(0, 200)}`);
  return pending as Pending;
}

/** Requests of a loader with this epoch. */
export function queryPrefix(epoch: number): string {
  return `reel-loader-e${epoch}-`;
}
