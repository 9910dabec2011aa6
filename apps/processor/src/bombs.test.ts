/** Small messages that would be large: refused at a limit, with the router as it was, and without the memory ever being taken. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { L2tpMachine } from './l2tp-machine.ts';
import { CaptureRefused } from './machine.ts';
import type { CaptureHints, Item } from './tasks.ts';

const mib = 2 ** 20;
const limit = 8 * mib;

const hints = (encoding?: 'gzip' | 'zstd', format?: 'xml'): CaptureHints => ({
  capturedAt: 1_700_000_000_000,
  command: 'show services l2tp session extensive',
  format,
  snapshotId: '',
  part: 1,
  parts: 1,
  complete: true,
  timezone: '',
  encoding,
});

const item = (offset: number, capture: CaptureHints): Item => ({
  partition: 0,
  offset,
  previous: offset - 1,
  timestamp: 1_700_000_000_000,
  time: 1_700_000_000_000,
  router: 'r',
  start: 0,
  length: 0,
  work: { capture },
});

/** What it was refused for; a message when it was not. */
function refusal(bytes: Uint8Array, capture: CaptureHints): string {
  const machine = new L2tpMachine('r', {
    timezone: 'UTC',
    expansionLimit: limit,
    framing: { schemaId: null },
  });
  try {
    machine.capture(item(1, capture), capture, bytes, () => undefined);
    return 'it was taken';
  } catch (error) {
    if (!(error instanceof CaptureRefused)) throw error;
    expect(machine.sessions).toBe(0);
    return error.refusal.reason;
  }
}

describe('a capture that expands past the limit', () => {
  const zeros = Buffer.alloc(512 * mib);
  const bombs = [
    ['gzip', gzipSync(zeros, { level: 1 })],
    ['zstd', zstdCompressSync(zeros)],
  ] as const;

  it.each(bombs)('by %s is refused, and never held', (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(4 * mib);
    const before = process.memoryUsage().rss;
    expect(refusal(bomb, hints(encoding))).toBe('too_large');
    expect(process.memoryUsage().rss - before).toBeLessThan(12 * limit);
  });

  it.each(['gzip', 'zstd'] as const)('is told from one that is no %s at all', (encoding) => {
    expect(refusal(Buffer.from('plain text'), hints(encoding))).toBe('encoding');
    const whole = encoding === 'gzip' ? gzipSync('a short listing') : zstdCompressSync('a short listing');
    expect(refusal(whole.subarray(0, whole.length - 6), hints(encoding))).toBe('encoding');
  });
});

describe('XML that would grow', () => {
  it('by entities that name entities is refused at once', () => {
    const entities = Array.from(
      { length: 20 },
      (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`,
    ).join('');
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">${entities}]><rpc-reply><service-l2tp-session-information><l2tp-session><user-name>&a20;</user-name></l2tp-session></service-l2tp-session-information></rpc-reply>`;
    const began = performance.now();
    expect(refusal(Buffer.from(bomb), hints(undefined, 'xml'))).toBe('parse');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('by depth is refused', () => {
    const bomb = `<rpc-reply>${'<a>'.repeat(200_000)}`;
    expect(refusal(Buffer.from(bomb), hints(undefined, 'xml'))).toBe('parse');
  });
});
