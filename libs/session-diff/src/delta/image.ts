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

/** How a field's value becomes words; `none` for those that stand elsewhere or have presence only. */
const forms = fields.map((f) =>
  f.role === 'identity' || f.role === 'clock'
    ? 'none'
    : f.type === 'u64' || f.type === 'datetime'
      ? f.type
      : 'other',
);
const names = fields.map((f) => f.name);

/** A full row of the image's fields. Clocks have presence only; layout and line stay 0. */
export function rowOfImage(image: SessionImage, strings: StringTable): Uint32Array {
  const words = new Uint32Array(rowWords);
  const { presence: letters, values } = image;
  words[slotOf[0] as number] = image.tunnel_local_id;
  words[slotOf[1] as number] = image.session_local_id;
  // A presence written before a field was added is shorter: the field was absent then.
  for (let index = 0; index < letters.length; index++) {
    const presence = presenceLetters.indexOf(letters[index] as string) as Presence;
    if (presence === Presence.absent) continue;
    setPresence(words, 0, index, presence);
    const form = forms[index] as string;
    if (presence !== Presence.value || form === 'none') continue;
    const at = slotOf[index] as number;
    const value: FieldValue | undefined = values[names[index] as string];
    if (value === undefined || value === null) continue;
    if (form === 'u64') putU64(words, at, value);
    else if (form === 'datetime') words[at] = Math.round(Number(value) / 1000);
    else if (typeof value === 'string') words[at] = strings.internText(value);
    else words[at] = Number(value);
  }
  for (const [name, half] of Object.entries(image.rounding)) {
    const index = names.indexOf(name);
    if (half > 0 && letters[index] === presenceLetters[Presence.value])
      setRounding(words, 0, counterOf[index] as number, String(half).length);
  }
  if (image.unknown.length > 0)
    words[unknownSlot] = strings.internText(
      JSON.stringify(image.unknown.map(({ name, value }) => [name, value])),
    );
  return words;
}

function putU64(words: Uint32Array, at: number, value: Exclude<FieldValue, null>): void {
  const small = Number(value);
  if (small >= 0 && small <= Number.MAX_SAFE_INTEGER) {
    words[at] = small;
    words[at + 1] = small / 0x1_0000_0000;
  } else setU64(words, at, BigInt.asUintN(64, BigInt(value)));
}
