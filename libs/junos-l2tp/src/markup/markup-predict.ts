/**
 * Prediction: sessions are printed like those before them. What was learned on the plain path is a tree of literal bytes with a value
 * behind each; a session that walks through it to an end is read in one pass, its layout known. One that does not is read on the
 * plain path, and the tree learns it: correctness never rests on the prediction.
 */
import { Presence, setPresence, type StringTable } from '@sessionreel/session-model';
import type { LearnedRef } from './markup-learn.ts';
import {
  Step,
  applySets,
  dateIn,
  durationIn,
  memoOf,
  printsDuration,
  sameStep,
  stepsOf,
  type ValueStep,
} from './markup-steps.ts';
import { decodedJson, decodedXml } from './markup-escapes.ts';
import { isAddress, isUtf8, textOf } from '../layout/values.ts';

/** Results of `match` that are no offset. */
export const noMatch = -1;
export const needsMore = -2;

interface Node {
  readonly literal: Uint8Array;
  /** The same bytes, to be compared four at a time. */
  readonly view: DataView;
  /** Null at the end of a session. */
  readonly step: ValueStep | null;
  readonly children: Node[];
  /** At the end of a session: index of its body, and its line ends. */
  body: number;
  newlines: number;
}

const maxNodes = 20_000;
const maxBytes = 4 << 20;
/** Longest value that is predicted. */
const maxValue = 4096;

export class Prediction {
  /** Of the session matched last. */
  body = 0;
  newlines = 0;
  readonly #format: 'xml' | 'json';
  readonly #strings: StringTable;
  readonly #unknown: (name: string, raw: string) => void;
  readonly #terminator: number;
  readonly #escape: number;
  #root: Node[] = [];
  #nodes = 0;
  #bytes = 0;
  #durationFrom = 0;
  #durationTo = 0;
  /** Style of the duration whose seconds follow. */
  #style = '';
  /** Of the next unknown value. */
  #ordinal = 0;

  /** `unknown` is told of values of unknown elements, in order. */
  constructor(format: 'xml' | 'json', strings: StringTable, unknown: (name: string, raw: string) => void) {
    this.#format = format;
    this.#strings = strings;
    this.#unknown = unknown;
    this.#terminator = format === 'xml' ? 0x3c : 0x22;
    this.#escape = format === 'xml' ? 0x26 : 0x5c;
  }

  forget(): void {
    this.#root = [];
    this.#nodes = this.#bytes = 0;
  }

  /** Learns a session that stands at `bytes[from, to)`. */
  learn(learned: readonly LearnedRef[], bytes: Uint8Array, from: number, to: number, body: number): void {
    if (this.#nodes > maxNodes || this.#bytes > maxBytes) return;
    const steps = stepsOf(learned, this.#format);
    if (steps === null) return;
    let children = this.#root;
    let at = from;
    let newlines = 0;
    for (const [i, step] of steps.entries()) {
      const { ref } = learned[i] as LearnedRef;
      newlines += countIn(bytes, at, ref.from);
      children = this.#child(children, bytes.subarray(at, ref.from), step).children;
      at = ref.to;
    }
    const end = this.#child(children, bytes.subarray(at, to), null);
    end.body = body;
    end.newlines = newlines + countIn(bytes, at, to);
  }

  #child(children: Node[], literal: Uint8Array, step: ValueStep | null): Node {
    for (const node of children) {
      if (!equal(node.literal, literal)) continue;
      if (node.step === null ? step === null : step !== null && sameStep(node.step, step)) return node;
    }
    const own = new Uint8Array(literal);
    const view = new DataView(own.buffer);
    const node: Node = { literal: own, view, step, children: [], body: 0, newlines: 0 };
    children.push(node);
    this.#nodes++;
    this.#bytes += literal.length;
    return node;
  }

  /**
   * Reads the session at `at` into a row of zeros. Returns the offset after it, `noMatch`, or `needsMore` when the bytes end within
   * one that may match. `view` shows the same bytes. The row is used up unless it matched. `unknownBefore`: unknown values that it has from its tunnel.
   */
  match(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
    unknownBefore: number,
  ): number {
    this.#ordinal = unknownBefore;
    let children = this.#root;
    for (;;) {
      let next = noMatch;
      let isShort = false;
      for (let i = 0; i < children.length; i++) {
        const node = children[i] as Node;
        const { step } = node;
        const matched = matchLiteral(node, bytes, view, at, end);
        if (matched < 0) {
          isShort ||= matched === needsMore;
          continue;
        }
        if (step === null) {
          this.body = node.body;
          this.newlines = node.newlines;
          return matched;
        }
        next = this.#read(step, bytes, matched, end, words, row);
        if (next >= 0) {
          // What matched last is likely to match next.
          if (i > 0) {
            children[i] = children[0] as Node;
            children[0] = node;
          }
          children = node.children;
          break;
        }
        isShort ||= next === needsMore;
      }
      if (next < 0) return isShort ? needsMore : noMatch;
      at = next;
    }
  }

  /** Reads a value; returns the offset after it. */
  #read(
    step: ValueStep,
    bytes: Uint8Array,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    switch (step.kind) {
      case Step.decimal:
      case Step.seconds:
      case Step.secondsAfter:
        return this.#decimal(step, bytes, at, end, words, row);
      case Step.decimal64:
        return this.#decimal64(step, bytes, at, end, words, row);
      case Step.empty:
        setPresence(words, row, step.field, Presence.empty);
        return at;
      default:
        return this.#delimited(step, bytes, at, end, words, row);
    }
  }

  #decimal(
    step: ValueStep,
    bytes: Uint8Array,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    let value = 0;
    let i = at;
    for (; i < end; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const length = i - at;
    if (i >= end) return needsMore;
    if (length === 0) return step.kind === Step.decimal ? special(step, bytes, at, end, words, row) : noMatch;
    if (length > 10 || value > step.max || (length > 1 && bytes[at] === 48)) return noMatch;
    if (
      step.kind === Step.secondsAfter &&
      !printsDuration(value, this.#style, bytes, this.#durationFrom, this.#durationTo)
    )
      return noMatch;
    words[row + step.slot] = value;
    const p = row + step.presenceAt;
    words[p] = (words[p] as number) | step.presenceBit;
    return i;
  }

  #decimal64(
    step: ValueStep,
    bytes: Uint8Array,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    let value = 0;
    let i = at;
    for (; i < end; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const length = i - at;
    if (i >= end) return needsMore;
    if (length === 0) return special(step, bytes, at, end, words, row);
    if (length > 1 && bytes[at] === 48) return noMatch;
    if (step.isBare && length > 15) return noMatch;
    // Large values and rounded ones (`29.0k`) by what they were before.
    const c = (bytes[i] as number) | 32;
    if (length > 15 || c === 0x2e || c === 0x6b || c === 0x6d || c === 0x67 || c === 0x74)
      return this.#delimited(step, bytes, at, end, words, row);
    if (step.style !== '') return noMatch;
    const low = value >>> 0;
    words[row + step.slot] = low;
    words[row + step.slot + 1] = (value - low) / 4294967296;
    const p = row + step.presenceAt;
    words[p] = (words[p] as number) | step.presenceBit;
    return i;
  }

  /** A value that ends where its leaf does, less the white space known to stand there. */
  #delimited(
    step: ValueStep,
    bytes: Uint8Array,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    const terminator = this.#terminator;
    const escape = this.#escape;
    const isXml = terminator === 0x3c;
    let high = 0;
    let i = at;
    for (; i < end; i++) {
      const c = bytes[i] as number;
      if (c === terminator) break;
      if (c < 0x20 || c === escape || (isXml && c === 0x3e)) {
        if (step.pad > 0) break;
        return this.#escaped(step, bytes, at, end, words, row);
      }
      high |= c;
    }
    if (i >= end) return needsMore;
    // The longest values, and empty ones with padding, are the plain path's.
    if (i - at > maxValue || (i === at && step.pad > 0)) return noMatch;
    if (i > at && (bytes[at] === 0x20 || bytes[i - 1] === 0x20)) return noMatch;
    return this.#value(step, bytes, at, i, high >= 0x80, words, row) ? i : noMatch;
  }

  /** A text with escapes, when it is written as its slot would print it. */
  #escaped(
    step: ValueStep,
    bytes: Uint8Array,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    if (step.kind !== Step.text && step.kind !== Step.unknown) return noMatch;
    const limit = Math.min(end, at + maxValue);
    const isJson = this.#format === 'json';
    let to = at;
    for (; to < limit && bytes[to] !== this.#terminator; to++) if (isJson && bytes[to] === 0x5c) to++;
    if (to >= limit) return to >= end ? needsMore : noMatch;
    const text = isJson ? decodedJson(bytes, at, to) : decodedXml(bytes, at, to);
    if (text === null) return noMatch;
    if (step.kind === Step.unknown) {
      if (step.ordinal !== this.#ordinal) return noMatch;
      this.#ordinal++;
      this.#unknown(step.name, text);
      return to;
    }
    words[row + step.slot] = this.#strings.internText(text);
    const p = row + step.presenceAt;
    words[p] = (words[p] as number) | step.presenceBit;
    return to;
  }

  #value(
    step: ValueStep,
    bytes: Uint8Array,
    from: number,
    to: number,
    isHigh: boolean,
    words: Uint32Array,
    row: number,
  ): boolean {
    const { kind } = step;
    if (kind === Step.durationAfter)
      return printsDuration(words[row + step.slot] as number, step.style, bytes, from, to);
    if (kind === Step.durationBefore) {
      this.#durationFrom = from;
      this.#durationTo = to;
      this.#style = step.style;
      return true;
    }
    if (kind === Step.unknown) {
      if ((isHigh && !isUtf8(bytes, from, to)) || step.ordinal !== this.#ordinal) return false;
      this.#ordinal++;
      this.#unknown(step.name, textOf(bytes, from, to));
      return true;
    }
    if (from === to || (isNA(bytes, from, to) && !step.isUserName)) {
      if (!step.isPlain || (from < to && (bytes[from] !== 0x4e || bytes[from + 2] !== 0x41))) return false;
      setPresence(words, row, step.field, from === to ? Presence.empty : Presence.notAvailable);
      return true;
    }
    if (kind === Step.memo || kind === Step.decimal64)
      return !isHigh && this.#memo(step, bytes, from, to, words, row);
    const word = this.#word(step, bytes, from, to, isHigh);
    if (word < 0) return false;
    words[row + step.slot] = word;
    const p = row + step.presenceAt;
    words[p] = (words[p] as number) | step.presenceBit;
    return true;
  }

  #word(step: ValueStep, bytes: Uint8Array, from: number, to: number, isHigh: boolean): number {
    switch (step.kind) {
      case Step.text:
        return isHigh && !isUtf8(bytes, from, to) ? -1 : this.#strings.intern(bytes, from, to);
      case Step.address:
        return isAddress(bytes, from, to) ? this.#strings.intern(bytes, from, to) : -1;
      case Step.date:
        return dateIn(step.style, bytes, from, to);
      default:
        return durationIn(step.style, bytes, from, to);
    }
  }

  #memo(
    step: ValueStep,
    bytes: Uint8Array,
    from: number,
    to: number,
    words: Uint32Array,
    row: number,
  ): boolean {
    let memo = step.last;
    if (memo === null || !equalAt(memo.bytes, bytes, from, to)) {
      if (to - from > 256) return false;
      memo = memoOf(step, bytes, from, to, this.#strings, this.#format);
      step.last = memo;
    }
    if (memo.sets === null) return false;
    applySets(memo.sets, words, row);
    return true;
  }
}

/** N/A or nothing, where digits were expected. */
function special(
  step: ValueStep,
  bytes: Uint8Array,
  at: number,
  end: number,
  words: Uint32Array,
  row: number,
): number {
  if (step.isBare || step.pad > 0 || !step.isPlain) return noMatch;
  if (bytes[at] === 0x4e) {
    if (at + 3 >= end) return needsMore;
    if (bytes[at + 1] !== 0x2f || bytes[at + 2] !== 0x41) return noMatch;
    setPresence(words, row, step.field, Presence.notAvailable);
    return at + 3;
  }
  setPresence(words, row, step.field, Presence.empty);
  return at;
}

function isNA(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    to - from === 3 &&
    bytes[from + 1] === 0x2f &&
    ((bytes[from] as number) | 32) === 0x6e &&
    ((bytes[from + 2] as number) | 32) === 0x61
  );
}

/** The offset after the node's literal, `noMatch`, or `needsMore` when the bytes end within it. */
function matchLiteral(node: Node, bytes: Uint8Array, view: DataView, at: number, end: number): number {
  const { literal, view: expected } = node;
  const { length } = literal;
  if (at + length > end) {
    for (let i = 0, j = at; j < end; i++, j++) if (bytes[j] !== literal[i]) return noMatch;
    return needsMore;
  }
  let i = 0;
  for (const last = length - 3; i < last; i += 4)
    if (view.getInt32(at + i, true) !== expected.getInt32(i, true)) return noMatch;
  for (; i < length; i++) if (bytes[at + i] !== literal[i]) return noMatch;
  return at + length;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return equalAt(a, b, 0, b.length);
}

function equalAt(a: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const length = a.length;
  if (to - from !== length) return false;
  for (let i = 0, j = from; i < length; i++, j++) if (a[i] !== bytes[j]) return false;
  return true;
}

function countIn(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (bytes[i] === 0x0a) count++;
  return count;
}
