import { describe, expect, it } from 'vitest';
import { headersOf, type Capture } from './capture.ts';
import type { CaptureFaults } from './faults.ts';
import { simulate, type SimulationOptions } from './simulate.ts';
import { routerSpec } from './spec.ts';

const routers = [
  routerSpec({ name: 'lns', role: 'lns', sessions: 50 }),
  routerSpec({ name: 'lns-m', role: 'lns', platform: 'm', sessions: 30 }),
  routerSpec({ name: 'lac', role: 'lac', sessions: 20, peers: ['lns'] }),
];

function captures(capture: Partial<CaptureFaults>, more: Partial<SimulationOptions> = {}): Capture[] {
  const sim = simulate({
    seed: 11,
    routers,
    start: Date.UTC(2026, 5, 1),
    durationMs: 1_800_000,
    pollEveryMs: 60_000,
    faults: { capture },
    ...more,
  });
  return [...sim].filter((item) => item.kind === 'capture');
}

const textOf = (capture: Capture): string => Buffer.from(capture.bytes).toString();
const idsIn = (capture: Capture): number => textOf(capture).match(/Session local ID: /g)?.length ?? 0;

describe('captures', () => {
  it('carry the headers of the contract', () => {
    const [first] = captures({}, { partSessions: 10, textEnds: 'declared' });
    if (first === undefined) throw new Error('no capture');
    expect(headersOf(first)).toEqual({
      'captured-at': new Date(first.capturedAt).toISOString(),
      command: 'show services l2tp session extensive | no-more',
      format: 'text',
      'snapshot-id': `${first.router}-extensive-${first.capturedAt}`,
      part: `1/${first.part?.of ?? 0}`,
      complete: 'true',
    });
  });

  it('in parts hold every session once, and each part its tunnel header', () => {
    for (const capture of captures({}, { partSessions: 7 })) {
      const { truth, part } = capture;
      const count = truth.listing?.sessions.length ?? 0;
      expect(part?.of ?? 1).toBe(Math.max(1, Math.ceil(count / 7)));
      expect(truth.first).toBe(((part?.number ?? 1) - 1) * 7);
      expect(idsIn(capture)).toBe(truth.whole);
      expect(textOf(capture)).toMatch(/Tunnel local ID: /);
    }
  });

  it('that are cut end where the truth says', () => {
    const all = captures({ cut: 1 });
    for (const capture of all) {
      const { truth, bytes } = capture;
      expect(capture.ending).toBe('cut');
      expect(truth.ended).toBe(false);
      expect(bytes.length).toBeGreaterThan(0);
      const begun = truth.whole + (truth.partial ? 1 : 0);
      expect([begun, begun - 1]).toContain(idsIn(capture));
      const last = truth.listing?.sessions[truth.whole - 1]?.record.values['session_local_id'];
      if (last !== undefined) expect(textOf(capture)).toContain(`Session local ID: ${String(last)}`);
    }
    expect(new Set(all.map((c) => c.truth.whole)).size).toBeGreaterThan(10);
  });

  it('come late, twice and not at all', () => {
    const late = captures({ late: 1 });
    expect(late.every((c) => c.at - c.capturedAt >= 60_000 && c.faults.includes('late'))).toBe(true);
    const twice = captures({ duplicate: 1 });
    expect(twice.length).toBe(2 * captures({}).length);
    const missed = captures({ missed: 0.5 });
    expect(missed.length).toBeLessThan(0.7 * captures({}).length);
  });

  it('lack a part, or have them in another order', () => {
    const missing = captures({ missingPart: 1 }, { partSessions: 7 });
    const parts = Map.groupBy(missing, (c) => `${c.router} ${c.capturedAt}`);
    for (const those of parts.values()) {
      const of = those[0]?.part?.of ?? 1;
      if (of > 1) expect(those).toHaveLength(of - 1);
    }
    const shuffled = captures({ shuffledParts: 1 }, { partSessions: 7 });
    expect(shuffled.some((c, i) => (c.part?.number ?? 0) < (shuffled[i - 1]?.part?.number ?? 0) - 1)).toBe(
      true,
    );
  });

  it('have terminals in them: prompts, pagers, carriage returns', () => {
    const plain = captures({}).find((c) => c.router === 'lns');
    expect(textOf(plain as Capture)).toMatch(/^\{master\}\nnoc@lns> show .*\n/);
    expect(textOf(plain as Capture)).toMatch(/\n\n\{master\}\nnoc@lns> $/);
    const paged = captures({ pager: 1 }).find((c) => c.router === 'lns');
    const undone = textOf(paged as Capture).replaceAll(
      /---\(more\)---(\r {40}\r|[\b]{12} {12}[\b]{12})/g,
      '',
    );
    expect(textOf(paged as Capture)).toContain('---(more)---');
    expect(undone).toBe(textOf(plain as Capture));
    const crlf = captures({ crlf: 1 }).find((c) => c.router === 'lns');
    expect(textOf(crlf as Capture).replaceAll('\r\n', '\n')).toBe(textOf(plain as Capture));
    const open = captures({ open: 1 }).find((c) => c.router === 'lns');
    expect(textOf(plain as Capture).startsWith(textOf(open as Capture))).toBe(true);
    expect(open?.truth.ended).toBe(false);
  });

  it('with a filter hold what matches', () => {
    for (const { command, scope, truth, faults } of captures({ filtered: 1 })) {
      if (!faults.includes('filtered')) continue;
      const [name, value] = Object.entries(scope)[0] ?? [];
      expect(command).toContain(`${name ?? ''} ${value ?? ''}`);
      for (const { record } of truth.listing?.sessions ?? []) {
        if (name === 'local-tunnel-id') expect(String(record.values['tunnel_local_id'])).toBe(value);
        if (name === 'peer-gateway-name') expect(record.values['remote_name']).toBe(value);
        if (name === 'local-session-id') expect(String(record.values['session_local_id'])).toBe(value);
      }
    }
  });

  it('that are garbage hold no listing', () => {
    const all = captures({ garbage: 1 });
    expect(all.every((c) => c.truth.listing === null && !c.truth.ended)).toBe(true);
    expect(all.every((c) => idsIn(c) === 0)).toBe(true);
  });

  it('end with an error when the daemon gives up', () => {
    const all = captures({ errorAfterRows: 1 });
    expect(all.some((c) => c.truth.listing?.finished === false)).toBe(true);
    for (const c of all) if (c.faults.includes('error_after_rows')) expect(textOf(c)).toContain('\nerror: ');
    expect(all.some((c) => c.truth.ended && c.truth.listing?.finished === false)).toBe(false);
  });
});

describe('a long listing', () => {
  it('goes on while the clock does, and lists who is there when it comes to them', () => {
    const options = { printRate: 10, life: { lifetimeMs: 60_000, lingerMs: 5000 } };
    let moved = 0;
    for (const { truth } of captures({}, options)) {
      const sessions = truth.listing?.sessions ?? [];
      for (const { record, at } of sessions) {
        const { create_time, up_time_s } = record.values;
        const clock = Number(create_time) + Number(up_time_s);
        expect(clock).toBe(Math.floor(at / 1000));
        if (at > (truth.listing?.startedAt ?? 0) + 2000) moved++;
      }
    }
    expect(moved).toBeGreaterThan(100);
  });
});
