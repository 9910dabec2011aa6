/** How the fields of a session's image, in the order of the schema, lie in a row: for the flat encoder and decoder. */
import { fields, slotOf } from '@sessionreel/session-model';
import { imageFields } from './schema.ts';

export const FieldKind = { text: 0, number: 1, wide: 2, datetime: 3 } as const;

const indexes = imageFields.map((f) => fields.indexOf(f));

export const planKind: Uint8Array = Uint8Array.from(imageFields, (f) =>
  f.type === 'text' || f.type === 'word' || f.type === 'address'
    ? FieldKind.text
    : f.type === 'u64'
      ? FieldKind.wide
      : f.type === 'datetime'
        ? FieldKind.datetime
        : FieldKind.number,
);
/** First word of the value. */
export const planSlot: Uint16Array = Uint16Array.from(indexes, (index) => slotOf[index] as number);
/** The two bits of the presence: which word, shifted by how much. */
export const planWord: Uint8Array = Uint8Array.from(indexes, (index) => index >>> 4);
export const planShift: Uint8Array = Uint8Array.from(indexes, (index) => (index & 15) << 1);

export const tunnelSlot: number = slotOf[fields.findIndex((f) => f.name === 'tunnel_local_id')] as number;
export const sessionSlot: number = slotOf[fields.findIndex((f) => f.name === 'session_local_id')] as number;
