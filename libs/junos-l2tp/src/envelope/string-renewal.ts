/**
 * Empties a string table that nobody but the parser holds, between two batches of rows: a capture of any size is read in bounded
 * memory although each session has names of its own. The few texts that are still needed are interned anew.
 */
import { Presence, fields, getPresence, slotOf, type StringTable } from '@sessionreel/session-model';

/** A reader that remembers ids of strings from one session to the next. */
export interface StringHolder {
  /** Rows whose texts are needed further on; null when ids are held elsewhere, and it must not be now. */
  rowsToKeep(): readonly Uint32Array[] | null;
  /** All ids are void, but for those in the rows kept. */
  forgetStrings(): void;
}

interface Kept {
  readonly words: Uint32Array;
  readonly slot: number;
  readonly bytes: Uint8Array;
}

const textSlots = fields.flatMap((f, index) =>
  f.type === 'text' || f.type === 'word' || f.type === 'address'
    ? [{ index, slot: slotOf[index] as number }]
    : [],
);

/** Empties the table. `ids`: words that are ids themselves. False when the holder would not have it now. */
export function renewStrings(strings: StringTable, holder: StringHolder, ids: Uint32Array): boolean {
  const rows = holder.rowsToKeep();
  if (rows === null) return false;
  const kept: Kept[] = [];
  const keep = (words: Uint32Array, slot: number): void =>
    void kept.push({ words, slot, bytes: new Uint8Array(strings.view(words[slot] as number)) });
  for (const words of rows)
    for (const { index, slot } of textSlots)
      if (getPresence(words, 0, index) === Presence.value) keep(words, slot);
  ids.forEach((_, slot) => keep(ids, slot));
  strings.truncate(1);
  for (const { words, slot, bytes } of kept) words[slot] = strings.intern(bytes, 0, bytes.length);
  holder.forgetStrings();
  return true;
}
