/** A worker that was restored goes on exactly as the one that was never interrupted: events equal byte for byte. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createEventWriter,
  decodeDelta,
  deltaEncoder,
  fingerprint,
  frameFingerprint,
  learnSchemas,
  sessionDeltaSchema,
  takeWritten,
  unframe,
} from '@sessionreel/session-events';
import { headersOf, makeFleet, simulate, type Capture } from '@sessionreel/fleet-sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admit } from './admission.ts';
import { Host } from './host.ts';
import { L2tpMachine } from './l2tp-machine.ts';
import type { EventsResult, Item, LogEntry, ProcessTask } from './tasks.ts';

interface Logged extends Omit<LogEntry, 'start' | 'length'> {
  readonly value: Uint8Array;
}

const newHost = (): Host =>
  new Host(
    (router) =>
      new L2tpMachine(router, { timezone: 'UTC', expansionLimit: 1e8, framing: { schemaId: null } }),
  );

/** A day of a few routers that fail in every way, in parts. */
function capturesOf(seed: string): Capture[] {
  const simulation = simulate({
    seed,
    routers: makeFleet({ count: 6, sessions: 40, formats: ['text', 'xml', 'json'] }, seed),
    start: Date.UTC(2026, 10, 1),
    durationMs: 20 * 3_600_000,
    pollEveryMs: 30 * 60_000,
    faults: 'harsh',
    partSessions: 15,
  });
  return [...simulation].filter((item): item is Capture => item.kind === 'capture');
}

function taskOf(capture: Capture, offset: number, time: number): ProcessTask {
  const bytes = new Uint8Array(capture.bytes);
  const headers = Object.entries(headersOf(capture)).map(([name, value]) => [name, Buffer.from(value)]);
  const message = {
    partition: 0,
    offset,
    timestamp: capture.at,
    key: Buffer.from(capture.router),
    value: bytes,
    headers: Object.fromEntries(headers) as Record<string, Buffer>,
  };
  const admission = admit(message, 1);
  if (admission.kind === 'forward') return expect.fail('there is one partition only');
  const item: Item = {
    partition: 0,
    offset,
    previous: offset - 1,
    timestamp: capture.at,
    time,
    router: capture.router,
    start: 0,
    length: bytes.length,
    work: admission.kind === 'capture' ? { capture: admission.capture } : { refusal: admission.refusal },
  };
  return { kind: 'process', partition: 0, epoch: 1, buffer: bytes.buffer, steps: [item] };
}

function eventsOf(result: EventsResult): Logged[] {
  return result.entries.map((entry) => ({
    router: entry.router,
    kind: entry.kind,
    ...unframedOf(new Uint8Array(result.buffer, entry.start, entry.length)),
  }));
}

function unframedOf(event: Uint8Array): { value: Uint8Array; fingerprint: string } {
  const frame = unframe(event);
  return { value: frame.datum, fingerprint: frameFingerprint(frame) };
}

function restored(log: readonly Logged[]): Host {
  const host = newHost();
  host.run({ kind: 'begin', partition: 0, epoch: 1 });
  const buffer = Buffer.concat(log.map(({ value }) => value));
  let start = 0;
  const events = log.map(({ router, kind, fingerprint, value }): LogEntry => {
    start += value.length;
    return { router, kind, fingerprint, start: start - value.length, length: value.length };
  });
  const own = new Uint8Array(buffer);
  host.run({ kind: 'restore', partition: 0, epoch: 1, buffer: own.buffer, events });
  return host;
}

/** Today's schema with a field more in each session: what a newer release may write. */
const newer = structuredClone(sessionDeltaSchema) as {
  fields: { name: string; type: { items: AvroRecord } }[];
};
interface AvroRecord {
  fields: { name: string; type: string; default: string }[];
}
newer.fields
  .find(({ name }) => name === 'opened')
  ?.type.items.fields.splice(5, 0, { name: 'mood', type: 'string', default: '' });
const encodeNewer = deltaEncoder(newer);

/** Every second event as the newer release writes it. */
function byTurns(log: readonly Logged[]): Logged[] {
  const writer = createEventWriter();
  return log.map((event, i) => {
    if (i % 2 === 0) return event;
    const delta = decodeDelta(event.value);
    for (const images of [delta.opened, delta.changed, delta.closed, delta.rebase, delta.keyframe])
      for (const image of images) Object.assign(image, { mood: 'good' });
    encodeNewer(delta, writer);
    return { ...event, value: takeWritten(writer), fingerprint: fingerprint(newer) };
  });
}

const folder = mkdtempSync(join(tmpdir(), 'reel-schemas-'));
beforeAll(() => {
  writeFileSync(join(folder, 'newer.avsc'), JSON.stringify(newer));
  learnSchemas(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const shown = (events: readonly Logged[]): string[] =>
  events.map(({ router, kind, value }) => `${router} ${kind} ${Buffer.from(value).toString('latin1')}`);

describe('a restored worker', () => {
  it.each([
    ['delivery', 'deltas'],
    ['another', 'checkpoints'],
    ['releases', 'deltas of two releases by turns'],
  ])('goes on as if nothing had happened: seed %s, from %s', { timeout: 60_000 }, (seed, from) => {
    const steady = restored([]);
    let interrupted = restored([]);
    let log: Logged[] = [];
    let time = 0;
    capturesOf(seed).forEach((capture, offset) => {
      time = Math.max(time, capture.at);
      if (offset % 90 === 89) {
        if (from === 'checkpoints') {
          const routers = [...new Set(log.map(({ router }) => router))];
          log = eventsOf(steady.run({ kind: 'checkpoint', partition: 0, epoch: 1, routers }) as EventsResult);
        }
        interrupted = restored(from.includes('releases') ? byTurns(log) : log);
      }
      const expected = eventsOf(steady.run(taskOf(capture, offset, time)) as EventsResult);
      const got = eventsOf(interrupted.run(taskOf(capture, offset, time)) as EventsResult);
      expect(shown(got), `capture ${offset} of ${capture.router}`).toEqual(shown(expected));
      log.push(...expected);
    });
  });
});
