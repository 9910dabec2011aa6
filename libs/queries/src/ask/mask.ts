/** Answers without the user names of subscribers: the one place that knows where an answer can hold one. */
import type { Mask } from '@sessionreel/ops';
import { unmasked } from '@sessionreel/ops';
import type { Coverage } from './coverage.ts';
import { withCoverage } from './covered.ts';

/**
 * The same answer with its user names masked, whatever question it is of. A layout and a frame may hold a name byte for byte, and so may
 * the value of a label that nobody knows: these are left out, and a state that is printed is put together anew.
 */
export function masked<T>(answer: T, mask: Mask): T {
  return mask === unmasked ? answer : (without(answer, mask) as T);
}

/** Rows whose `name` is a user's when they are `by` user. */
export function maskedNames<Row extends { readonly name: string }>(
  rows: readonly Row[],
  by: string,
  mask: Mask,
): readonly Row[] {
  return by === 'user' ? rows.map((row) => ({ ...row, name: mask(row.name) })) : rows;
}

type Members = Readonly<Record<string, unknown>>;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function without(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) {
    const list = value.map((one) => without(one, mask));
    // What a list rests on lies beside its elements, and holds no name.
    const { coverage } = value as { coverage?: Coverage };
    return coverage === undefined ? list : withCoverage(list, coverage);
  }
  if (value instanceof Map)
    return new Map([...value].map(([key, one]): [unknown, unknown] => [key, without(one, mask)]));
  if (value === null || typeof value !== 'object' || !isPlain(value)) return value;
  const members = value as Members;
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, memberOf(members, name, member, mask)]),
  );
}

const named = (value: unknown, mask: Mask): unknown =>
  typeof value === 'string' && value !== '' ? mask(value) : value;

/** A member of an object, by its name and by what stands beside it. */
function memberOf(of: Members, name: string, member: unknown, mask: Mask): unknown {
  switch (name) {
    case 'userName':
    case 'user_name':
      return named(member, mask);
    case 'before':
    case 'after':
      return of['field'] === 'user_name' ? named(member, mask) : without(member, mask);
    case 'match':
      return of['by'] === 'user_name' ? named(member, mask) : member;
    case 'layout':
      return 'record' in of ? null : member;
    case 'document':
      return typeof member === 'string' ? '' : member;
    case 'unknown':
      return 'values' in of && Array.isArray(member)
        ? (member as readonly (readonly [string, string])[]).map(([label]) => [label, hidden])
        : without(member, mask);
    case 'command':
    case 'scope':
      return typeof member === 'string' ? maskedCommand(member, mask) : without(member, mask);
    case 'reason':
    case 'detail':
    case 'error':
      return typeof member === 'string' ? maskedReason(member, mask) : without(member, mask);
    default:
      return without(member, mask);
  }
}

const hidden = '(masked)';

/** A command, or its filters as text, without the user name. */
export function maskedCommand(text: string, mask: Mask): string {
  return mask === unmasked ? text : text.replace(/\buser\s+("(?:[^"\\]|\\.)*"|\S+)/g, `user ${hidden}`);
}

/** Why something was refused may quote what stood there: nothing from the first quotation mark on is told. */
export function maskedReason(text: string, mask: Mask): string {
  return mask === unmasked ? text : text.replace(/["'`“‘].*$/s, hidden);
}
