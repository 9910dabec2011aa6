/** What the images of one presence pattern have in common: few patterns print a whole fleet, so what follows from one is kept. */
import { fields, presenceLetters, presenceWords } from '@sessionreel/session-model';
import { planKind, planShift, planSlot, planWord } from './image-plan.ts';

export interface ImageShape {
  /** The presence words that it is of. */
  readonly words: Uint32Array;
  /** The `presence` field as Avro. */
  readonly presence: Uint8Array;
  /** Of each field that holds a value: how many without one come before, how it lies in a row, and where. */
  readonly gaps: Uint8Array;
  readonly kinds: Uint8Array;
  readonly slots: Uint16Array;
  /** Fields without a value behind the last one. */
  readonly rest: number;
}

const known = new Map<string, ImageShape>();
const knownMost = 4096;
let last: ImageShape | undefined;

export function imageShapeOf(words: Uint32Array, row: number): ImageShape {
  if (last !== undefined && isOf(last, words, row)) return last;
  const key = words.subarray(row, row + presenceWords).join();
  let shape = known.get(key);
  if (shape === undefined) {
    if (known.size >= knownMost) known.clear();
    known.set(key, (shape = shapeOf(words, row)));
  }
  return (last = shape);
}

function isOf({ words: own }: ImageShape, words: Uint32Array, row: number): boolean {
  let differs = 0;
  for (let i = 0; i < presenceWords; i++) differs |= (own[i] as number) ^ (words[row + i] as number);
  return differs === 0;
}

function shapeOf(words: Uint32Array, row: number): ImageShape {
  const gaps: number[] = [];
  const kinds: number[] = [];
  const slots: number[] = [];
  let gap = 0;
  for (let i = 0; i < planKind.length; i++) {
    const presence = ((words[row + (planWord[i] as number)] as number) >>> (planShift[i] as number)) & 3;
    if (presence !== 1) {
      gap++;
      continue;
    }
    gaps.push(gap);
    kinds.push(planKind[i] as number);
    slots.push(planSlot[i] as number);
    gap = 0;
  }
  return {
    words: words.slice(row, row + presenceWords),
    presence: presenceOf(words, row),
    gaps: Uint8Array.from(gaps),
    kinds: Uint8Array.from(kinds),
    slots: Uint16Array.from(slots),
    rest: gap,
  };
}

/** One letter a field, after the length as a varint of two bytes: there are more than 63 fields. */
function presenceOf(words: Uint32Array, row: number): Uint8Array {
  const letters = fields.map(
    (_, i) => presenceLetters[((words[row + (i >>> 4)] as number) >>> ((i & 15) << 1)) & 3] as string,
  );
  const length = letters.length * 2;
  if (length < 0x80 || length >= 0x4000) throw new Error('the length of a presence takes two bytes');
  return Uint8Array.from([(length & 0x7f) | 0x80, length >>> 7, ...Buffer.from(letters.join(''))]);
}
