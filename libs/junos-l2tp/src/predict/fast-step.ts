/**
 * What a line's pieces mean for matching: steps, each either bytes to be there or a value in a format. Only data, so that no input
 * becomes code.
 */
import { fields, indexOfField, slotOf, type Field } from '@sessionreel/session-model';
import { freeTextFields } from '../text/labels.ts';
import { isGroup, isSlot, isTrim, type Piece, type Slot } from '../layout/layout.ts';
import { lineEnd } from '../text/split-line.ts';
import { isComposite } from '../layout/values.ts';

/** As in wasm/matcher.as. */
export const Kind = {
  literal: 0,
  u32: 1,
  u64: 2,
  counter: 3,
  date: 4,
  duration: 5,
  word: 6,
  text: 7,
  address: 8,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const space = 0x20;
const comma = 0x2c;
const colon = 0x3a;
const userName = indexOfField('user_name');
const state = indexOfField('state');

/** One step of a line: bytes to be there, or a value in a format. Only data, so that no input becomes code. */
export interface Step {
  readonly kind: Kind;
  readonly literal: Uint8Array;
  readonly field: number;
  readonly slot: number;
  readonly presenceAt: number;
  readonly presenceShift: number;
  readonly max: number;
  /** One space before a value that is not empty. */
  readonly hasSpace: boolean;
  readonly width: number;
  readonly right: boolean;
  readonly style: string;
  readonly styleBits: number;
  readonly padded: boolean;
  /** Byte that the next literal begins with, where a text ends. */
  readonly stop: number;
  /** A text that ends at a space. */
  readonly inColumn: boolean;
  /** A cell of a table's row, which may be blank. */
  readonly isCell: boolean;
  /** A text that takes the rest of the line. */
  readonly toEnd: boolean;
  /** Spaces at the line's end are left out. */
  readonly trims: boolean;
  /** The value must be what the row holds already: it is printed twice. */
  readonly again: boolean;
  /** A text that somebody outside chooses, and the field after it: see `SplitContext.learned`. */
  readonly free: boolean;
  readonly next: number;
}

export interface FastLine {
  readonly steps: readonly Step[];
  /**
   * Fields that must have a value: parts of a value, as in `initial 64000`, which nothing else stands for; and a row's state, without which
   * the heads of the columns tell what the other cells are, not the row read before.
   */
  readonly needed: readonly number[];
  /** Spaces at the line's end are left out: its last cells may be missing. */
  readonly trims: boolean;
}

function kindOf(f: Field): Kind {
  switch (f.type) {
    case 'u16':
    case 'u32':
      return Kind.u32;
    case 'u64':
      return f.role === 'counter' ? Kind.counter : Kind.u64;
    case 'word':
      return Kind.word;
    case 'text':
      return Kind.text;
    case 'address':
      return Kind.address;
    case 'datetime':
      return Kind.date;
    default:
      return Kind.duration;
  }
}

const noBytes = new Uint8Array(0);
/** What an address may be followed by: see `spansOf`. */
const limits = new Map([
  ['local_port', 65_535],
  ['remote_port', 65_535],
  ['peer_prefix_length', 128],
]);

function literalStep(text: string): Step {
  const literal = Buffer.from(text, 'utf8');
  return {
    kind: Kind.literal,
    literal: new Uint8Array(literal),
    field: -1,
    slot: 0,
    presenceAt: 0,
    presenceShift: 0,
    max: 0,
    hasSpace: false,
    width: 0,
    right: false,
    style: '',
    styleBits: 0,
    padded: false,
    stop: 0,
    inColumn: false,
    isCell: false,
    toEnd: false,
    trims: false,
    again: false,
    free: false,
    next: 0,
  };
}

/** Where a slot stands in a table's row. */
interface RowPlace {
  readonly isLast: boolean;
  readonly trims: boolean;
}

/** A slot as a step; null when its format is beyond the fast path. */
function slotStep(
  slot: Slot,
  stop: number,
  again: boolean,
  next: number,
  table: RowPlace | null,
): Step | null {
  if (
    slot.f === '' ||
    slot.p !== undefined ||
    slot.e !== undefined ||
    slot.n !== undefined ||
    slot.x !== undefined
  )
    return null;
  if (slot.b !== undefined && slot.b !== '' && slot.b !== ' ') return null;
  const field = indexOfField(slot.f);
  const f = fields[field] as Field;
  const kind = kindOf(f);
  const style = slot.s ?? '';
  // The user name is the one column that may hold spaces: the plain path gives it the rest of the line.
  const toEnd = table?.isLast === true && field === userName && (slot.w ?? 0) === 0;
  if (kind === Kind.date && style !== '' && style !== 'p') return null;
  if (kind === Kind.counter && style !== '') return null;
  return {
    kind,
    literal: noBytes,
    field,
    slot: slotOf[field] as number,
    presenceAt: field >>> 4,
    presenceShift: (field & 15) << 1,
    max: limits.get(f.name) ?? (f.type === 'u16' ? 0xffff : 0xffffffff),
    hasSpace: slot.b === ' ',
    width: slot.w ?? 0,
    right: slot.r === 1,
    style,
    styleBits: kind === Kind.duration ? durationBits(style) : 0,
    padded: style === 'p',
    stop,
    inColumn: !toEnd && (table !== null || (slot.w ?? 0) > 0 || stop === space),
    isCell: table !== null,
    toEnd,
    trims: table?.trims === true,
    again,
    free: freeTextFields.has(field),
    next,
  };
}

/**
 * Steps for a line's pieces; null when one of them is beyond the fast path. `printed`: fields that lines of the session before it print.
 * `isRow`: a table's row, whose texts end at spaces.
 */
export function compileLine(
  pieces: readonly Piece[],
  printed: ReadonlySet<number>,
  isRow = false,
): FastLine | null {
  const flat = pieces.flatMap((piece) => (isGroup(piece) ? piece.g : [piece]));
  const joined: Piece[] = [];
  for (const piece of flat) {
    const last = joined.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece;
    else if (piece !== '') joined.push(piece);
  }
  const trims = isRow && joined.some(isTrim);
  const steps: Step[] = [];
  const seen = new Set(printed);
  for (const [i, piece] of joined.entries()) {
    if (typeof piece === 'string') {
      // Zeros are what the text in the window ends with.
      if (piece.includes('\u0000')) return null;
      steps.push(literalStep(piece));
    } else if (isTrim(piece) && trims && i === joined.length - 2) continue;
    else if (isTrim(piece) || isGroup(piece) || !isSlot(piece)) return null;
    else {
      const next = joined[i + 1];
      const literal = next !== undefined && isTrim(next) ? joined[i + 2] : next;
      const stop = typeof literal === 'string' ? Buffer.from(literal)[0] : space;
      const following = joined.slice(i + 1).find(isSlot);
      const owner = following === undefined ? lineEnd : ownerOf(following.f);
      const step = slotStep(
        piece,
        stop ?? space,
        seen.has(indexOfName(piece.f)),
        owner,
        isRow ? { isLast: following === undefined, trims } : null,
      );
      if (step === null) return null;
      // A text in a column ends at a space; one that strangers choose may hold spaces, and takes the plain path.
      const isText = step.kind === Kind.text || step.kind === Kind.word || step.kind === Kind.address;
      if (isText && step.inColumn && (step.right || step.free)) return null;
      if (step.again && step.kind !== Kind.u32) return null;
      if (
        isComposite(step.field) &&
        isText &&
        stop !== comma &&
        stop !== 0x0a &&
        stop !== 0x0d &&
        stop !== colon &&
        stop !== 0x2f
      )
        return null;
      seen.add(step.field);
      steps.push(step);
    }
  }
  return { steps, needed: isRow ? [state] : steps.flatMap(partOfValue), trims };
}

/** The step's field where it is a part of a printed value, or stands in the midst of one. */
function partOfValue(step: Step, i: number, steps: readonly Step[]): number[] {
  if (isLiteral(step)) return [];
  const f = fields[step.field] as Field;
  if (f.partOf !== undefined) return f.role === 'counter' ? [] : [step.field];
  const before = steps[i - 1];
  const isWhole = before === undefined || !isLiteral(before) || before.literal.at(-1) === colon;
  return isComposite(step.field) && !isWhole ? [step.field] : [];
}

function indexOfName(name: string): number {
  return name === '' ? -1 : indexOfField(name);
}

/** The field whose printed value the named one shares, or itself. */
function ownerOf(name: string): number {
  const index = indexOfName(name);
  const owner = fields[index]?.partOf;
  return owner === undefined ? index : indexOfField(owner);
}

const printedTogether = fields.map((f) => {
  const owner = f.partOf ?? f.name;
  return fields.flatMap((other, i) => ((other.partOf ?? other.name) === owner ? [i] : []));
});

/** Fields that share a label with a field, itself included: a session prints it once, whichever of them it gives. */
export function printedWith(field: number): readonly number[] {
  return printedTogether[field] ?? [];
}

/** How durations are printed: the letters of times.ts, as bits. The same in wasm/matcher.as. */
const DurationStyle = { m: 1, M: 2, one: 4, x: 8, h: 16, D: 32, n: 64 } as const;

/** Letters of `durationStyles` as bits of `DurationStyle`. */
function durationBits(style: string): number {
  let bits = 0;
  for (const letter of style)
    bits |= letter === '1' ? DurationStyle.one : DurationStyle[letter as 'm' | 'M' | 'x' | 'h' | 'D' | 'n'];
  return bits;
}

export function isLiteral(step: Step): boolean {
  return step.kind === Kind.literal;
}
