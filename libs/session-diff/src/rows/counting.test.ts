import type { SessionDelta } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { Lab, begin, brief, clockAt, events, extensive, reasons, view } from '../testing/lab.ts';

const one = (lab: Lab, at: number, spec: Parameters<typeof extensive>[2]) =>
  lab.take({ at, sessions: [extensive(1, at, spec)] });
const bytesOf = (delta: SessionDelta) =>
  [...delta.counters, ...delta.counters_rounded].map((c) => [
    c.kind,
    c.deltas['data_rx_bytes'],
    c.interval_s,
  ]);
const printed = (name: string, value: bigint) => ({ extra: { [name]: value } });
const deltasOf = (delta: SessionDelta, name: string) => delta.counters.map((c) => [c.kind, c.deltas[name]]);

describe('counters', () => {
  it('give their exact difference, and no record when none moved', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 100n });
    expect(bytesOf(one(lab, 60, { bytes: 350n }))).toEqual([['normal', 250n, 60]]);
    expect(events(one(lab, 120, { bytes: 350n }))).toEqual({});
    // The delta starts from the values seen at 120.
    expect(bytesOf(one(lab, 180, { bytes: 351n }))).toEqual([['normal', 1n, 60]]);
  });

  it('name the counters that were printed, by bits', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 100n });
    const [record] = one(lab, 60, { bytes: 200n }).counters;
    expect(record?.seen).toBe((1 << 0) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 7));
    expect(record).toMatchObject({ create_time: clockAt(-3600) * 1000, created_at: begin - 3_600_000 });
  });

  it('take 64-bit values to 2^64 - 1 without loss', () => {
    const lab = new Lab();
    const most = 2n ** 64n - 1n;
    one(lab, 0, { bytes: 2n ** 53n + 1n });
    expect(bytesOf(one(lab, 60, { bytes: most }))).toEqual([['normal', most - 2n ** 53n - 1n, 60]]);
    expect([...lab.state.list()][0]?.record.values['data_rx_bytes']).toBe(most);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('borrow between their words, also when something else changed', () => {
    const lab = new Lab();
    const of = (at: number, bytes: bigint, state: string) => one(lab, at, { bytes, extra: { state } });
    of(0, 2n ** 32n - 1n, 'established');
    expect(bytesOf(of(60, 2n ** 32n + 5n, 'closed'))).toEqual([['normal', 6n, 60]]);
    expect(bytesOf(of(120, 2n ** 33n + 1n, 'closed'))).toEqual([['normal', 2n ** 32n - 4n, 60]]);
  });

  it('keep their values when another session is the first to print more of them', () => {
    const lab = new Lab();
    const bytes = 2n ** 40n + 7n;
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes }), extensive(2, 0)] });
    const second = extensive(2, 60, printed('lcp_echo_req_tx_packets', 5n));
    expect(lab.take({ at: 60, sessions: [extensive(1, 60, { bytes }), second] }).counters).toEqual([]);
    const third = extensive(2, 120, printed('control_tx_packets', 2n ** 33n));
    expect(
      lab
        .take({ at: 120, sessions: [extensive(1, 120, { bytes }), third] })
        .counters.map((c) => c.session_local_id),
    ).toEqual([2]);
    expect([...lab.state.list()][0]?.record.values['data_rx_bytes']).toBe(bytes);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it.each([
    ['control_tx_packets', 10n, 2n ** 32n + 20n],
    ['lcp_echo_req_tx_packets', 0n, 5n],
    ['lcp_echo_req_tx_packets', 0n, 2n ** 40n],
  ])('%s outgrows what the table has room for: from %d to %d', (name, before, after) => {
    const lab = new Lab();
    one(lab, 0, printed(name, before));
    // The second time the session is printed as before, and nothing but the counter moves.
    one(lab, 60, printed(name, before));
    expect(deltasOf(one(lab, 120, printed(name, after)), name)).toEqual([['normal', after - before]]);
    expect([...lab.state.list()][0]?.record.values[name]).toBe(after);
    expect(deltasOf(one(lab, 180, printed(name, after + 1n)), name)).toEqual([['normal', 1n]]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('of a statistics snapshot belong to the same session', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 100n });
    const { tunnel_local_id = 0, session_local_id = 0 } = brief(1).values;
    const values = { tunnel_local_id, session_local_id, data_rx_bytes: 150n };
    const delta = lab.take({ at: 60, level: 'statistics', sessions: [{ values }] });
    expect(delta.changed).toEqual([]);
    expect(bytesOf(delta)).toEqual([['normal', 50n, 60]]);
  });

  it('that are not printed have no delta, whatever another listing counted before', () => {
    const lab = new Lab();
    const { tunnel_local_id = 0, session_local_id = 0 } = brief(1).values;
    const statistics = (at: number, bytes: bigint) => {
      const values = {
        tunnel_local_id,
        session_local_id,
        statistics_since: clockAt(-3600),
        data_rx_bytes: bytes,
      };
      return lab.take({ at, level: 'statistics', sessions: [{ values }] });
    };
    one(lab, 0, { bytes: 100n, extra: { control_tx_packets: 5n } });
    statistics(30, 110n);
    one(lab, 60, { bytes: 120n, extra: { control_tx_packets: 9n } });
    const [record] = statistics(90, 150n).counters;
    expect([record?.seen, record?.deltas['data_rx_bytes'], record?.deltas['control_tx_packets']]).toEqual([
      1 << 7,
      30n,
      0n,
    ]);
  });

  it('that a level does not print stay in the state hash while others of the session count', () => {
    const hashes = [true, false].map((shortCut) => {
      const lab = new Lab({ shortCut });
      lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 100n, extra: { error_rx_packets: 7n } })] });
      // One counter of many, twice: the second time nothing else can have moved.
      const few = (value: bigint) => brief(1, { extra: { data_rx_bytes: value, state: undefined } });
      for (const at of [60, 120, 180])
        lab.take({ at, level: 'statistics', sessions: [few(BigInt(100 + at))] });
      expect(lab.restored().hash).toBe(lab.state.hash);
      return lab.state.hash;
    });
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('first learned on a known session are a baseline, told by a rebase', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const delta = one(lab, 60, { bytes: 100n });
    expect(delta.counters).toEqual([]);
    expect(reasons(delta.rebase)).toEqual({ 1: 'learned' });
    expect(delta.rebase[0]?.values['data_rx_bytes']).toBe(100n);
    expect(bytesOf(one(lab, 120, { bytes: 130n }))).toEqual([['normal', 30n, 60]]);
  });

  it('lose nothing when levels interleave', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 0n });
    let sum = 0n;
    for (let i = 1; i <= 30; i++) {
      const at = i * 60;
      const delta =
        i % 10 === 0
          ? one(lab, at, { bytes: BigInt(i) * 1000n })
          : lab.take({ at, level: 'brief', sessions: [brief(1)] });
      for (const c of delta.counters) sum += c.deltas['data_rx_bytes'] ?? 0n;
    }
    expect(sum).toBe(30_000n);
  });
});

describe('counter epoch', () => {
  it('that changed makes the value itself the delta, a lower bound', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 1000n });
    const delta = one(lab, 60, { bytes: 40n, since: 50 });
    expect(bytesOf(delta).map(([kind, bytes]) => [kind, bytes])).toEqual([['epoch', 40n]]);
    expect(reasons(delta.rebase)).toEqual({ 1: 'epoch' });
    expect(delta.rebase[0]?.values).toMatchObject({
      data_rx_bytes: 40n,
      statistics_since: clockAt(50) * 1000,
    });
    expect([delta.anomalies, delta.changed]).toEqual([[], []]);
    expect(bytesOf(one(lab, 120, { bytes: 45n, since: 50 }))).toEqual([['normal', 5n, 60]]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('that changed while the counters are higher than before is one all the same', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 10n });
    expect(bytesOf(one(lab, 60, { bytes: 500n, since: 30 }))[0]?.slice(0, 2)).toEqual(['epoch', 500n]);
  });

  it('may precede the create time by seconds: the session is new, and counts from zero', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [] });
    const delta = one(lab, 60, { created: 1, since: -1, bytes: 9n });
    expect(reasons(delta.opened)).toEqual({ 1: 'new' });
    expect(bytesOf(delta)[0]?.slice(0, 2)).toEqual(['normal', 9n]);
  });

  it('noticed by a level that prints some counters only holds for the others too', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 1000n, extra: { control_tx_packets: 50n } });
    const { tunnel_local_id = 0, session_local_id = 0 } = brief(1).values;
    const values = { tunnel_local_id, session_local_id, statistics_since: clockAt(30), data_rx_bytes: 10n };
    lab.take({ at: 60, level: 'statistics', sessions: [{ values }] });
    const delta = one(lab, 120, { bytes: 15n, since: 30, extra: { control_tx_packets: 3n } });
    expect(deltasOf(delta, 'control_tx_packets')).toEqual([['normal', 3n]]);
    expect(bytesOf(delta)).toEqual([['normal', 5n, 60]]);
    expect(delta.anomalies).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('whose stamp moved by a second only is one when counters fell', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 1000n });
    const jitter = one(lab, 60, { bytes: 1100n, since: -3599 });
    expect(bytesOf(jitter)[0]?.slice(0, 2)).toEqual(['normal', 100n]);
    const delta = one(lab, 120, { bytes: 40n, since: -3598 });
    expect(bytesOf(delta)[0]?.slice(0, 2)).toEqual(['epoch', 40n]);
    expect(delta.anomalies).toEqual([]);
  });

  it('that moves with the clock of the router is the same one', () => {
    const lab = new Lab();
    const list = (at: number, by: number, bytes: bigint) =>
      [1, 2, 3].map((id) =>
        extensive(id, at + by, { created: -3600 + by + (id === 3 ? 1 : 0), since: -3602 + by, bytes }),
      );
    lab.take({ at: 0, sessions: list(0, 0, 5n) });
    const delta = lab.take({ at: 60, sessions: list(60, 3600, 8n) });
    expect(delta.counters.map((c) => c.kind)).toEqual(['normal', 'normal', 'normal']);
    expect(delta.counters.map((c) => c.deltas['data_rx_bytes'])).toEqual([3n, 3n, 3n]);
  });

  it('that moves by a second more than the clock is the same one where a counter only wrapped', () => {
    const lab = new Lab();
    const list = (at: number, by: number, packets: bigint) =>
      [1, 2, 3].map((id) =>
        extensive(id, at + by, {
          created: -3600 + by,
          since: -3602 + by + (by === 0 ? 0 : 1),
          extra: { control_tx_packets: packets },
        }),
      );
    lab.take({ at: 0, sessions: list(0, 0, 4_294_967_290n) });
    const delta = lab.take({ at: 60, sessions: list(60, 89, 4n) });
    expect(deltasOf(delta, 'control_tx_packets')).toEqual([
      ['wrap', 10n],
      ['wrap', 10n],
      ['wrap', 10n],
    ]);
  });

  it('that moves a little to before the last sight, while the create time jitters, is the same one', () => {
    const lab = new Lab();
    one(lab, 0, { created: -3600, since: -1800, bytes: 1000n });
    const same = one(lab, 60, { created: -3598, since: -1796, bytes: 1010n });
    expect(bytesOf(same)).toEqual([['normal', 10n, 60]]);
    expect(bytesOf(one(lab, 120, { created: -3598, since: -1792, bytes: 900n }))[0]?.[0]).toBe('epoch');
    expect(bytesOf(one(lab, 180, { created: -3598, since: 170, bytes: 950n }))[0]?.[0]).toBe('epoch');
  });

  it('is noticed by levels that print no create time, in any zone', () => {
    const lab = new Lab({ timezone: 'Europe/Berlin' });
    one(lab, 0, { bytes: 1000n });
    const { tunnel_local_id = 0, session_local_id = 0 } = brief(1).values;
    const values = { tunnel_local_id, session_local_id, statistics_since: clockAt(30), data_rx_bytes: 10n };
    const delta = lab.take({ at: 60, level: 'statistics', sessions: [{ values }] });
    expect(bytesOf(delta)[0]?.slice(0, 2)).toEqual(['epoch', 10n]);
    // Of one whose create time was never printed, too.
    const other = (bytes: bigint, since: number) => ({
      values: { ...values, session_local_id: 2, statistics_since: clockAt(since), data_rx_bytes: bytes },
    });
    lab.take({ at: 120, level: 'statistics', sessions: [other(50n, 0)] });
    const cleared = lab.take({ at: 180, level: 'statistics', sessions: [other(7n, 150)] });
    expect(bytesOf(cleared)[0]?.slice(0, 2)).toEqual(['epoch', 7n]);
  });

  it('that began within seconds of another is another, when it lies after the last sight', () => {
    const lab = new Lab();
    one(lab, 0, { created: -3, since: -3, bytes: 10n });
    expect(bytesOf(one(lab, 60, { created: -3, since: 2, bytes: 20n }))[0]?.slice(0, 2)).toEqual([
      'epoch',
      20n,
    ]);
  });
});

describe('a counter that went down', () => {
  const top = 4_294_960_000n;

  it('is a wrap from the top quarter of 32 bits, with the absolute value told again', () => {
    const lab = new Lab();
    one(lab, 0, printed('control_tx_packets', top));
    const delta = one(lab, 60, printed('control_tx_packets', 100n));
    expect(deltasOf(delta, 'control_tx_packets')).toEqual([['wrap', 2n ** 32n - top + 100n]]);
    expect(reasons(delta.rebase)).toEqual({ 1: 'wrap' });
    expect(delta.anomalies).toEqual([]);
    expect(deltasOf(one(lab, 120, printed('control_tx_packets', 101n)), 'control_tx_packets')).toEqual([
      ['normal', 1n],
    ]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('is a wrap of whichever counter fits, also of data bytes', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: top });
    expect(bytesOf(one(lab, 60, { bytes: 5n }))).toEqual([['wrap', 2n ** 32n - top + 5n, 60]]);
  });

  it('is no wrap from below the top quarter, from beyond 32 bits, or by more than can pass', () => {
    for (const [before, after, seconds] of [
      [3_221_225_471n, 5n, 60],
      [2n ** 32n + 5n, 5n, 60],
      [top, top - 10n, 0.01],
    ] as const) {
      const lab = new Lab();
      one(lab, 0, printed('error_rx_packets', before));
      const delta = one(lab, seconds, printed('error_rx_packets', after));
      expect(delta.anomalies).toMatchObject([
        {
          kind: 'counter_decreased',
          field: 'error_rx_packets',
          before: String(before),
          after: String(after),
        },
      ]);
      expect(delta.counters.map((c) => c.deltas['error_rx_packets'])).toEqual(delta.counters.map(() => 0n));
      expect(reasons(delta.rebase)).toEqual({ 1: 'anomaly' });
      expect(delta.rebase[0]?.values['error_rx_packets']).toBe(after);
    }
  });

  it('keeps the others of the session counting', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 1000n, extra: { error_rx_packets: 9n } });
    const delta = one(lab, 60, { bytes: 1500n, extra: { error_rx_packets: 2n } });
    expect(bytesOf(delta)).toEqual([['normal', 500n, 60]]);
    expect(delta.counters[0]?.seen).not.toBe(0);
    expect((delta.counters[0]?.seen ?? 0) & (1 << 9)).toBe(0);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});

describe('rounded numbers', () => {
  const rounded = (lab: Lab, at: number, bytes: bigint, half: bigint) =>
    one(lab, at, { extra: { data_rx_bytes: bytes }, rounding: half === 0n ? {} : { data_rx_bytes: half } });

  it('give deltas with the sum of both half-widths', () => {
    const lab = new Lab();
    rounded(lab, 0, 29_000n, 50n);
    const delta = rounded(lab, 60, 31_000n, 50n);
    expect(delta.counters).toEqual([]);
    expect(delta.counters_rounded).toMatchObject([
      { deltas: { data_rx_bytes: 2000n }, errors: { data_rx_bytes_error: 100n, data_rx_packets_error: 0n } },
    ]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('count from exact to rounded and back', () => {
    const lab = new Lab();
    rounded(lab, 0, 9_990n, 0n);
    const up = rounded(lab, 60, 10_000n, 50n).counters_rounded[0];
    expect([up?.deltas['data_rx_bytes'], up?.errors['data_rx_bytes_error']]).toEqual([10n, 50n]);
    const wide = rounded(lab, 120, 1_200_000n, 50_000n).counters_rounded[0];
    expect(wide?.errors['data_rx_bytes_error']).toBe(50_050n);
    const exact = rounded(lab, 180, 1_210_000n, 0n).counters_rounded[0];
    expect(exact?.errors['data_rx_bytes_error']).toBe(50_000n);
    expect(bytesOf(rounded(lab, 240, 1_210_001n, 0n))).toEqual([['normal', 1n, 60]]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('that fall within their error are no anomaly', () => {
    const lab = new Lab();
    rounded(lab, 0, 29_000n, 50n);
    const delta = rounded(lab, 60, 28_900n, 50n);
    expect(delta.anomalies).toEqual([]);
    expect(delta.counters_rounded[0]?.deltas['data_rx_bytes']).toBe(0n);
    expect(delta.rebase[0]?.values['data_rx_bytes']).toBe(28_900n);
    expect(rounded(lab, 120, 28_700n, 50n).anomalies).toHaveLength(1);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('of a new session carry their own half-width', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [] });
    const delta = lab.take({
      at: 60,
      sessions: [
        extensive(1, 60, {
          created: 10,
          extra: { data_rx_bytes: 29_000n },
          rounding: { data_rx_bytes: 50n },
        }),
      ],
    });
    expect(delta.opened[0]?.rounding).toEqual({ data_rx_bytes: 50 });
    expect(delta.counters_rounded[0]).toMatchObject({
      deltas: { data_rx_bytes: 29_000n },
      errors: { data_rx_bytes_error: 50n },
    });
  });
});

describe('unknown traffic', () => {
  it('is never zero: a listing without counters says nothing of them', () => {
    const lab = new Lab();
    const delta = one(lab, 0, { bytes: null });
    expect(delta.opened[0]?.values['data_rx_bytes']).toBeNull();
    expect(events(one(lab, 60, { bytes: null }))).toEqual({});
  });

  it('is never a delta: N/A counters say nothing, and the next value counts from the last', () => {
    const lab = new Lab();
    one(lab, 0, { bytes: 100n });
    const none = one(lab, 60, { bytes: 100n, extra: { data_rx_bytes: null } });
    expect([none.counters, none.anomalies]).toEqual([[], []]);
    const back = one(lab, 120, { bytes: 180n });
    expect(back.anomalies).toEqual([]);
    const given = back.counters[0]?.deltas['data_rx_bytes'] ?? 0n;
    expect([0n, 80n]).toContain(given);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});
