/** What is done with a message before anyone looks at its bytes: its key and its headers, by the contract of `l2tp.snapshots`. */
import { parseCommand } from '@sessionreel/junos-l2tp';
import { headerText, partitionOf, refusedHeader, type Message } from '@sessionreel/kafka';
import type { CaptureHints, Refusal } from './tasks.ts';

/** On a forwarded message: `<partition>/<offset>` where it lay before. */
export const forwardedHeader = 'sessionreel-forwarded';

/** How far a capture may be ahead of Kafka's clock. Further, and a wrong clock would make its router stale for good. */
const futureLimitMs = 5 * 60_000;
const routerBytesMost = 255;
const partsMost = 100_000;

export type Admission =
  | { readonly kind: 'capture'; readonly router: string; readonly capture: CaptureHints }
  /** `router` is '' where the key is of no use. */
  | { readonly kind: 'dead_letter'; readonly router: string; readonly refusal: Refusal }
  | { readonly kind: 'forward'; readonly partition: number };

class Refused extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function admit(message: Message, partitions: number): Admission {
  let router = '';
  try {
    refuseBatch(message);
    router = routerOf(message.key);
    const partition = partitionOf(message.key as Uint8Array, partitions);
    if (partition !== message.partition) {
      if (headerText(message, forwardedHeader) === undefined) return { kind: 'forward', partition };
      // Its router's state is not in this partition: no ledger entry may be written in its name here.
      router = '';
      throw new Refused(
        'forwarded_twice',
        `forwarded here, but the key belongs to partition ${partition}: has the number of partitions changed?`,
      );
    }
    if (message.value === null || message.value.length === 0)
      throw new Refused('empty', 'the message has no bytes');
    return { kind: 'capture', router, capture: hintsOf(message) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { kind: 'dead_letter', router, refusal: { reason: error.reason, error: error.message } };
  }
}

function refuseBatch(message: Message): void {
  const refused = headerText(message, refusedHeader);
  if (typeof refused === 'string') throw new Refused('compression', refused);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function routerOf(key: Uint8Array | null): string {
  if (key === null || key.length === 0)
    throw new Refused('key', 'the message has no key: it names the router');
  if (key.length > routerBytesMost)
    throw new Refused(
      'key',
      `the key has ${key.length} bytes: a router's name has at most ${routerBytesMost}`,
    );
  try {
    return decoder.decode(key);
  } catch {
    throw new Refused('key', 'the key is not UTF-8');
  }
}

function hintsOf(message: Message): CaptureHints {
  const text = (name: string): string | undefined => {
    const value = headerText(message, name);
    if (value === null) throw new Refused('headers', `header ${name} is not UTF-8`);
    return value;
  };
  const snapshotId = text('snapshot-id') ?? '';
  const [part, parts] = partOf(text('part'), snapshotId);
  return {
    capturedAt: capturedAtOf(text('captured-at'), message.timestamp),
    command: commandOf(text('command') ?? ''),
    format: oneOf('format', text('format'), ['text', 'xml', 'json']),
    snapshotId,
    part,
    parts,
    complete: completeOf(text('complete')),
    timezone: timezoneOf(text('timezone')),
    encoding: encodingOf(text('content-encoding')),
  };
}

/** Level and scope come from it: what another command printed is no listing, and a wrong command tells wrong ones. */
function commandOf(command: string): string {
  if (command.trim() !== '' && !parseCommand(command).isL2tpSession)
    throw new Refused(
      'headers',
      `header command is ${shown(command)}: it may be show services l2tp session, with levels, filters and pipes`,
    );
  return command;
}

function oneOf<const T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || value === '') return undefined;
  const found = allowed.find((one) => one === value.toLowerCase());
  if (found === undefined)
    throw new Refused('headers', `header ${name} is ${shown(value)}: it may be ${allowed.join(', ')}`);
  return found;
}

function encodingOf(value: string | undefined): 'gzip' | 'zstd' | undefined {
  const encoding = oneOf('content-encoding', value, ['gzip', 'zstd', 'identity']);
  return encoding === 'identity' ? undefined : encoding;
}

function completeOf(value: string | undefined): boolean | undefined {
  const complete = oneOf('complete', value, ['true', 'false', '1', '0']);
  return complete === undefined ? undefined : complete === 'true' || complete === '1';
}

function timezoneOf(value: string | undefined): string {
  if (value === undefined || value === '') return '';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    throw new Refused(
      'headers',
      `header timezone is ${shown(value)}: it may be a name such as Europe/Berlin`,
    );
  }
}

function partOf(value: string | undefined, snapshotId: string): [part: number, parts: number] {
  if (value === undefined || value === '') return [1, 1];
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(value.trim());
  const part = Number(match?.[1]);
  const parts = Number(match?.[2]);
  if (!(part >= 1 && part <= parts && parts <= partsMost))
    throw new Refused('headers', `header part is ${shown(value)}: it may be 3/17, up to ${partsMost} parts`);
  if (parts > 1 && snapshotId === '') throw new Refused('headers', 'header part needs a snapshot-id');
  return [part, parts];
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function capturedAtOf(value: string | undefined, kafkaTime: number): number {
  if (value === undefined || value === '') return kafkaTime;
  const typed = value.trim();
  const at = /^\d{1,16}$/.test(typed)
    ? Number(typed)
    : rfc3339.test(typed)
      ? Date.parse(typed.replace(/[Tt ]/, 'T').toUpperCase())
      : Number.NaN;
  // Beyond the year 9999 nothing downstream can hold it.
  if (!Number.isSafeInteger(at) || at >= 253_402_300_800_000)
    throw new Refused(
      'headers',
      `header captured-at is ${shown(value)}: it may be 2026-11-20T10:00:00Z or milliseconds since 1970`,
    );
  if (at > kafkaTime + futureLimitMs)
    throw new Refused(
      'future',
      `captured-at ${new Date(at).toISOString()} is more than 5 minutes after Kafka's ${new Date(kafkaTime).toISOString()}`,
    );
  return at;
}

function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
