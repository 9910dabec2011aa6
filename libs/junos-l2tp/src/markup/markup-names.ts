/**
 * Element names of the reply, recognised by their bytes. Only local names count: prefixes and namespaces carry the release.
 * Source of the names: the published YANG of the RPC output; the wrappers are the CLI's and NETCONF's (RFC 6241).
 */
import { fields } from '@sessionreel/session-model';

/** What an element is to us. From `field` on: the index of the field, plus `field`. */
export const Kind = {
  unknown: 0,
  /** `service-l2tp-session-information` */
  root: 1,
  tunnelTable: 2,
  sessionTable: 3,
  entry: 4,
  rpcReply: 5,
  /** Around the reply, no data: `output`, `multi-routing-engine-results`, `multi-routing-engine-item`. */
  wrapper: 6,
  /** Beside the reply, no data: `re-name`, `cli`, `banner`. */
  aside: 7,
  /** `rpc-error`, `error` */
  error: 8,
  /** `warning` */
  warning: 9,
  /** `error-message`, `message` */
  message: 10,
  /** `error-severity` */
  severity: 11,
  field: 16,
} as const;

const fixedNames: readonly (readonly [string, number])[] = [
  ['service-l2tp-session-information', Kind.root],
  ['l2tp-per-tunnel-session-table', Kind.tunnelTable],
  ['l2tp-session-table', Kind.sessionTable],
  ['l2tp-session-entry', Kind.entry],
  ['rpc-reply', Kind.rpcReply],
  ['output', Kind.wrapper],
  ['multi-routing-engine-results', Kind.wrapper],
  ['multi-routing-engine-item', Kind.wrapper],
  ['re-name', Kind.aside],
  ['cli', Kind.aside],
  ['banner', Kind.aside],
  ['rpc-error', Kind.error],
  ['error', Kind.error],
  ['warning', Kind.warning],
  ['error-message', Kind.message],
  ['message', Kind.message],
  ['error-severity', Kind.severity],
];

interface Name {
  readonly bytes: Uint8Array;
  readonly kind: number;
}

/** Open addressing by a hash of length and four bytes; a power of two. */
const slots: (Name | undefined)[] = new Array<Name | undefined>(1024).fill(undefined);

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 3) return length;
  const a = bytes[to - 1] as number;
  const b = bytes[to - 3] as number;
  const c = bytes[from + (length >> 1)] as number;
  const d = bytes[to - Math.min(length, 12)] as number;
  return (
    (Math.imul(length, 37) ^ Math.imul(a, 131) ^ Math.imul(b, 31) ^ Math.imul(c, 517) ^ Math.imul(d, 71)) &
    1023
  );
}

function add(name: string, kind: number): void {
  const bytes = new TextEncoder().encode(name);
  let slot = hashOf(bytes, 0, bytes.length);
  while (slots[slot] !== undefined) slot = (slot + 1) & 1023;
  slots[slot] = { bytes, kind };
}

for (const [name, kind] of fixedNames) add(name, kind);
fields.forEach((field, index) => {
  for (const tag of field.tags) add(tag, Kind.field + index);
});

/** The kind of the local name `bytes[from, to)`. */
export function kindOfName(bytes: Uint8Array, from: number, to: number): number {
  let slot = hashOf(bytes, from, to);
  for (;;) {
    const name = slots[slot];
    if (name === undefined) return Kind.unknown;
    if (equalBytes(name.bytes, bytes, from, to)) return name.kind;
    slot = (slot + 1) & 1023;
  }
}

/** Whether `bytes[from, to)` is `expected`. */
export function equalBytes(expected: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const length = expected.length;
  if (to - from !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== expected[i]) return false;
  return true;
}

/** Where the local name begins in `bytes[from, to)`: after the last colon. */
export function localNameStart(bytes: Uint8Array, from: number, to: number): number {
  for (let i = to - 1; i >= from; i--) if (bytes[i] === 0x3a) return i + 1;
  return from;
}
