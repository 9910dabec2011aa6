import { fields } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';
import { routerSpec } from './spec.ts';
import type { Capture } from './capture.ts';

function first(format: 'xml' | 'json', role: 'lns' | 'lac' = 'lns', hostileNames = 0): Capture {
  const sim = simulate({
    seed: 4,
    routers: [
      routerSpec({ name: 'r', role, platform: 'mx', sessions: 40, format, speedSources: role === 'lac' }),
    ],
    start: Date.UTC(2026, 5, 1),
    durationMs: 60_000,
    pollEveryMs: 60_000,
    faults: 'none',
    life: { hostileNames },
  });
  for (const item of sim) if (item.kind === 'capture') return item;
  throw new Error('no capture');
}

type Json = Record<string, { data?: string | null[]; attributes?: Record<string, string> }[]>;
const dig = (from: unknown, name: string): Json[] => (from as Record<string, Json[]>)[name] ?? [];

describe('JSON', () => {
  it('has every element as an array and every leaf as text', () => {
    const capture = first('json', 'lns', 1);
    const text = Buffer.from(capture.bytes).toString();
    const from = text.indexOf('{\n');
    const root = JSON.parse(text.slice(from, text.indexOf('\n}\n\n') + 2)) as unknown;
    const tunnels = dig(dig(root, 'service-l2tp-session-information')[0], 'l2tp-per-tunnel-session-table');
    const entries = tunnels.flatMap((t) =>
      dig(dig(t, 'l2tp-session-table')[0], 'l2tp-session-entry').map((entry) => ({ ...t, ...entry })),
    );
    const sessions = capture.truth.listing?.sessions ?? [];
    expect(entries).toHaveLength(sessions.length);
    sessions.forEach(({ record }, n) => {
      const leaf = (tag: string): Json[string][number] | undefined => entries[n]?.[tag]?.[0];
      expect(leaf('l2tp-session-local-id')?.data).toBe(String(record.values['session_local_id']));
      const user = record.values['user_name'];
      expect(leaf('l2tp-session-user-name')?.data).toEqual(user === '' ? [null] : user);
      expect(leaf('l2tp-data-rx-bytes')?.data).toBe(String(record.values['data_rx_bytes']));
      expect(leaf('l2tp-up-time')?.attributes?.['junos:seconds']).toBe(String(record.values['up_time_s']));
    });
  });
});

describe('XML', () => {
  it('has the leaves of the schema, escaped, and no character that XML forbids', () => {
    const capture = first('xml', 'lns', 1);
    const text = Buffer.from(capture.bytes).toString();
    const sessions = capture.truth.listing?.sessions ?? [];
    expect(text.match(/<l2tp-session-entry>/g)).toHaveLength(sessions.length);
    const names = [...text.matchAll(/<l2tp-session-user-name>([^<]*)</g)].map((m) => unescape(m[1] ?? ''));
    expect(names).toEqual(sessions.map((s) => s.record.values['user_name']));
    expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
    const known = new Set(fields.flatMap((f) => f.tags));
    const tags = new Set(
      [...text.matchAll(/<((?:l2tp|lcp|interface|tunnel)-[a-z0-9-]+)[ >/]/g)].map((m) => m[1] ?? ''),
    );
    const structure = ['l2tp-per-tunnel-session-table', 'l2tp-session-table', 'l2tp-session-entry'];
    expect([...tags].filter((tag) => !known.has(tag) && !structure.includes(tag))).toEqual([]);
    expect(tags.size).toBeGreaterThan(40);
  });

  it('prints a speed and its source in two leaves', () => {
    const text = Buffer.from(first('xml', 'lac').bytes).toString();
    expect(text).toMatch(/<l2tp-session-tx-speed>\d+<\/l2tp-session-tx-speed>\n/);
    expect(text).toContain('<l2tp-session-tx-speed-source>service-profile<');
  });
});

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
