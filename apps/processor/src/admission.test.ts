import type { Message } from '@sessionreel/kafka';
import { partitionOf, refusedHeader } from '@sessionreel/kafka';
import { describe, expect, it } from 'vitest';
import { admit, type Admission } from './admission.ts';

const kafkaTime = Date.parse('2026-11-20T10:00:00Z');

function message(headers: Record<string, string | Buffer> = {}, change: Partial<Message> = {}): Message {
  const key = Buffer.from('lns1');
  return {
    partition: partitionOf(key, 16),
    offset: 7,
    timestamp: kafkaTime,
    key,
    value: Buffer.from('x'),
    headers: Object.fromEntries(Object.entries(headers).map(([n, v]) => [n, Buffer.from(v)])),
    ...change,
  };
}

const captureOf = (headers: Record<string, string>): Extract<Admission, { kind: 'capture' }> => {
  const admission = admit(message(headers), 16);
  if (admission.kind !== 'capture') return expect.fail(JSON.stringify(admission));
  return admission;
};
const reasonOf = (m: Message): string => {
  const admission = admit(m, 16);
  return admission.kind === 'dead_letter'
    ? `${admission.refusal.reason}: ${admission.refusal.error}`
    : admission.kind;
};

describe('admit', () => {
  it('takes a message without headers', () => {
    expect(captureOf({})).toEqual({
      kind: 'capture',
      router: 'lns1',
      capture: {
        capturedAt: kafkaTime,
        command: '',
        format: undefined,
        snapshotId: '',
        part: 1,
        parts: 1,
        complete: undefined,
        timezone: '',
        encoding: undefined,
      },
    });
  });

  it('takes every header of the contract, and others', () => {
    const { capture } = captureOf({
      'captured-at': '2026-11-20T11:59:30.250+02:00',
      command: 'show services l2tp session extensive',
      format: 'XML',
      'snapshot-id': 's',
      part: '3/17',
      complete: 'true',
      timezone: 'Europe/Berlin',
      'content-encoding': 'zstd',
      traceparent: '00-abc',
    });
    expect(capture).toEqual({
      capturedAt: Date.parse('2026-11-20T09:59:30.250Z'),
      command: 'show services l2tp session extensive',
      format: 'xml',
      snapshotId: 's',
      part: 3,
      parts: 17,
      complete: true,
      timezone: 'Europe/Berlin',
      encoding: 'zstd',
    });
  });

  it.each([
    ['1795168800000', 1795168800000],
    ['0', 0],
    ['2026-11-20 10:00:00Z', kafkaTime],
    ['2026-11-20t10:04:59z', kafkaTime + 299_000],
  ])('reads captured-at %s', (text, expected) => {
    expect(captureOf({ 'captured-at': text }).capture.capturedAt).toBe(expected);
  });

  it.each([
    [{ 'captured-at': '2026-11-20T10:05:01Z' }, 'future'],
    [{ 'captured-at': '2026-11-20T10:00:00' }, 'headers: header captured-at'],
    [{ 'captured-at': '2026-13-40T10:00:00Z' }, 'headers: header captured-at'],
    [{ 'captured-at': '99999999999999999999' }, 'headers: header captured-at'],
    [{ format: 'pdf' }, 'headers: header format is "pdf"'],
    [{ complete: 'maybe' }, 'headers: header complete'],
    [{ part: '0/3', 'snapshot-id': 's' }, 'headers: header part'],
    [{ part: '4/3', 'snapshot-id': 's' }, 'headers: header part'],
    [{ part: 'one', 'snapshot-id': 's' }, 'headers: header part'],
    [{ part: '1/3' }, 'headers: header part needs a snapshot-id'],
    [{ timezone: 'CEST/Summer' }, 'headers: header timezone'],
    [{ 'content-encoding': 'br' }, 'headers: header content-encoding'],
    [{ command: Buffer.from([0xff]) }, 'headers: header command is not UTF-8'],
    [{ command: 'show version' }, 'headers: header command is "show version"'],
    [{ [refusedHeader]: 'gzip batch expands past 9 bytes' }, 'compression: gzip batch expands'],
  ])('refuses %j', (headers, reason) => {
    expect(reasonOf(message(headers as Record<string, string>))).toContain(reason);
  });

  it.each([
    'sh serv l2tp sess ext',
    'run show services l2tp session detail interface si-1/0/0 | no-more',
    'cli -c "show services l2tp session"',
    'get-l2tp-session-information',
    '  ',
  ])('takes the command %j', (command) => {
    expect(captureOf({ command }).capture.command).toBe(command);
  });

  it.each([null, Buffer.alloc(0), Buffer.alloc(256, 'a'), Buffer.from([0xc3, 0x28])])(
    'refuses the key %o wherever it lies, in the name of nobody',
    (key) => {
      expect(admit(message({}, { key, partition: 3 }), 16)).toMatchObject({
        kind: 'dead_letter',
        router: '',
        refusal: { reason: 'key' },
      });
    },
  );

  it('takes a key of 255 bytes', () => {
    const key = Buffer.alloc(255, 'a');
    expect(admit(message({}, { key, partition: partitionOf(key, 16) }), 16).kind).toBe('capture');
  });

  it('refuses a message without bytes in the name of its router', () => {
    expect(admit(message({}, { value: null }), 16)).toMatchObject({
      router: 'lns1',
      refusal: { reason: 'empty' },
    });
  });

  it('forwards from a foreign partition, once', () => {
    const home = partitionOf(Buffer.from('lns1'), 16);
    const foreign = { partition: (home + 1) % 16 };
    expect(admit(message({}, foreign), 16)).toEqual({ kind: 'forward', partition: home });
    expect(reasonOf(message({ 'sessionreel-forwarded': '1/2' }, foreign))).toContain('forwarded_twice');
    expect(reasonOf(message({ 'sessionreel-forwarded': '1/2' }))).toBe('capture');
  });
});
