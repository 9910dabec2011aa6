/** Between a session's image (an object of the log) and its row (words). */
import {
  Presence,
  counterOf,
  fields,
  presenceLetters,
  rowWords,
  setPresence,
  setRounding,
  setU64,
  slotOf,
  unknownSlot,
  type FieldValue,
  type SessionImage,
  type StringTable,
} from '@sessionreel/session-model';

/** A full row of the image's fields. Clocks have presence only; layout and line stay 0. */
export function rowOfImage(image: SessionImage, strings: StringTable): Uint32Array {
  const words = new Uint32Array(rowWords);
  words[slotOf[0] as number] = image.tunnel_local_id;
  words[slotOf[1] as number] = image.session_local_id;
  fields.forEach((f, index) => {
    // A presence written before a field was added is shorter: the field was absent then.
    const presence = presenceLetters.indexOf(image.presence[index] ?? '.') as Presence;
    setPresence(words, 0, index, presence);
    if (presence !== Presence.value || f.role === 'identity' || f.role === 'clock') return;
    const at = slotOf[index] as number;
    const value: FieldValue | undefined = image.values[f.name];
    if (value === undefined || value === null) return;
    if (f.type === 'u64') setU64(words, at, BigInt.asUintN(64, BigInt(value)));
    else if (f.type === 'datetime') words[at] = Math.round(Number(value) / 1000);
    else if (typeof value === 'string') words[at] = strings.internText(value);
    else words[at] = Number(value);
    const half = image.rounding[f.name];
    if (half !== undefined && half > 0)
      setRounding(words, 0, counterOf[index] as number, String(half).length);
  });
  if (image.unknown.length > 0)
    words[unknownSlot] = strings.internText(
      JSON.stringify(image.unknown.map(({ name, value }) => [name, value])),
    );
  return words;
}
