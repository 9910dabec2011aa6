import { describe, expect, it } from 'vitest';
import { Lab, brief, events, extensive, reasons, view } from '../testing/lab.ts';

const xml = { format: 'xml' } as const;
const lettersOf = (image: { presence: string } | undefined, index: number): string | undefined =>
  image?.presence[index];
const userName = 12;

describe('absent, empty and N/A are three values', () => {
  it('tells each from the others', () => {
    const lab = new Lab();
    const of = (at: number, extra: Record<string, string | null | undefined>) =>
      lab.take({ at, sessions: [extensive(1, at, { extra })] });
    of(0, { user_name: 'joe' });
    const empty = of(60, { user_name: '' });
    expect(empty.changed.map((x) => x.changed)).toEqual([['user_name']]);
    expect(lettersOf(empty.changed[0], userName)).toBe('e');
    const none = of(120, { user_name: null });
    expect(lettersOf(none.changed[0], userName)).toBe('n');
    const absent = of(180, {});
    expect(absent.changed[0]?.changed).toEqual(['user_name']);
    expect(lettersOf(absent.changed[0], userName)).toBe('.');
    expect(events(of(240, {}))).toEqual({});
    expect(lettersOf(of(300, { user_name: 'joe' }).changed[0], userName)).toBe('v');
  });

  it('gives each another state hash', () => {
    const hashes = ['', null, undefined, 'joe'].map((user_name) => {
      const lab = new Lab();
      lab.take({ at: 0, sessions: [extensive(1, 0, { extra: { user_name } })] });
      return lab.state.hash;
    });
    expect(new Set(hashes).size).toBe(4);
  });

  it('compares speeds in all of their 64 bits', () => {
    const lab = new Lab();
    const of = (at: number, tx_speed: bigint) =>
      lab.take({ at, sessions: [extensive(1, at, { extra: { tx_speed } })] });
    of(0, 5n);
    expect(of(60, 2n ** 33n + 5n).changed.map((x) => [x.changed, x.values['tx_speed']])).toEqual([
      [['tx_speed'], 2n ** 33n + 5n],
    ]);
    expect(events(of(120, 2n ** 33n + 5n))).toEqual({});
  });

  it('keeps what a lower level does not print', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { extra: { user_name: 'joe' } })] });
    const delta = lab.take({ at: 60, level: 'brief', sessions: [brief(1)] });
    expect(delta.changed).toEqual([]);
    expect([...lab.state.list()][0]?.record.values).toMatchObject({ user_name: 'joe', local_name: 'lns1' });
  });

  it('takes a field for removed where the same level of the same format printed it before', () => {
    const lab = new Lab();
    const without = { extra: { local_name: undefined } };
    lab.take({ at: 0, sessions: [extensive(1, 0)] });
    expect(lab.take({ ...xml, at: 60, sessions: [extensive(1, 60, without)] }).changed).toEqual([]);
    const removed = lab.take({ at: 120, sessions: [extensive(1, 120, without)] });
    expect(removed.changed.map((x) => [x.reason, x.changed])).toEqual([['', ['local_name']]]);
  });

  it('calls a first-time value of a known session learned', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const delta = lab.take({ at: 60, sessions: [extensive(1, 60)] });
    expect(delta.opened).toEqual([]);
    expect(delta.closed).toEqual([]);
    expect(reasons(delta.changed)).toEqual({ 1: 'learned' });
    expect(delta.changed[0]?.changed).toContain('create_time');
    expect(delta.changed[0]?.changed).not.toContain('state');
  });

  it('calls it a change when something known changed too, or when its class left it out before', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const both = lab.take({ at: 60, sessions: [extensive(1, 60, { extra: { state: 'closed' } })] });
    expect(both.changed[0]).toMatchObject({ reason: '' });
    const named = extensive(1, 120, { extra: { state: 'closed', user_name: 'joe' } });
    expect(lab.take({ at: 120, sessions: [named] }).changed[0]).toMatchObject({
      reason: '',
      changed: ['user_name'],
    });
  });

  it('does not flap when formats of one level interleave, and one leaves blank what the other prints', () => {
    const lab = new Lab();
    const text = (at: number) =>
      lab.take({ at, sessions: [extensive(1, at, { extra: { user_name: '', bundle_id: null } })] });
    const tree = (at: number, user = 'joe') =>
      lab.take({ ...xml, at, sessions: [extensive(1, at, { extra: { user_name: user, bundle_id: 7 } })] });
    text(0);
    expect(tree(60).changed.map((x) => x.changed)).toEqual([['bundle_id', 'user_name']]);
    for (let at = 120; at < 1000; at += 120) {
      expect(text(at).changed).toEqual([]);
      expect(tree(at + 60).changed).toEqual([]);
    }
    expect(tree(2000, 'jim').changed.map((x) => x.changed)).toEqual([['user_name']]);
    expect([...lab.state.list()][0]?.record.values['user_name']).toBe('jim');
  });

  it('does not flap between a blank of one format and N/A of another, and knows which was printed last of clocks', () => {
    const lab = new Lab();
    const text = (at: number) =>
      lab.take({ at, sessions: [extensive(1, at, { idle: null, extra: { lcp_renegotiation: null } })] });
    const tree = (at: number) =>
      lab.take({ ...xml, at, sessions: [extensive(1, at, { idle: 5, extra: { lcp_renegotiation: '' } })] });
    const idle = () => [...lab.state.list()][0]?.record.values['idle_time_s'];
    text(0);
    tree(60);
    for (let at = 120; at < 600; at += 120) {
      expect(text(at).changed).toEqual([]);
      expect(idle()).toBeNull();
      expect(tree(at + 60).changed).toEqual([]);
      expect(idle()).not.toBeNull();
    }
  });

  it('does not flap when brief every minute and extensive every hour interleave', () => {
    const lab = new Lab();
    // Brief prints blanks where extensive prints values.
    const few = { extra: { user_name: '', interface_name: null } };
    lab.take({ at: 0, sessions: [extensive(1, 0, { extra: { user_name: 'joe' } })] });
    for (let minute = 1; minute <= 200; minute++) {
      const at = minute * 60;
      const delta =
        minute % 60 === 0
          ? lab.take({ at, sessions: [extensive(1, at, { extra: { user_name: 'joe' } })] })
          : lab.take({ at, level: 'brief', sessions: [brief(1, few)] });
      expect([delta.opened, delta.changed, delta.closed], `minute ${minute}`).toEqual([[], [], []]);
    }
    const renamed = lab.take({
      at: 201 * 60,
      level: 'brief',
      sessions: [brief(1, { extra: { user_name: 'jim', interface_name: null } })],
    });
    expect(renamed.changed[0]?.changed).toEqual(['user_name']);
    const blank = lab.take({ at: 202 * 60, level: 'brief', sessions: [brief(1, few)] });
    expect(blank.changed[0]?.changed).toEqual(['user_name']);
  });

  it('knows when each level was last seen', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 1000n })] });
    for (const at of [60, 120, 180]) lab.take({ at, level: 'brief', sessions: [brief(1)] });
    const delta = lab.take({ at: 240, sessions: [extensive(1, 240, { bytes: 5000n })] });
    // The counters were last seen 240 s ago, the session 60 s ago.
    expect(delta.counters[0]).toMatchObject({ interval_s: 240 });
    const gone = lab.take({ at: 300, level: 'brief', sessions: [] });
    expect(gone.closed[0]?.last_seen_at).toBe(delta.at);
  });

  it('takes nothing for removed from a session in which the capture breaks off', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0), extensive(2, 0)] });
    const start = { ...brief(2).values, mode: 'shared' };
    const cut = lab.take({
      at: 60,
      complete: false,
      sessions: [extensive(1, 60), { values: start, cut: true }],
    });
    expect(cut.changed).toEqual([]);
    expect(lab.take({ at: 120, sessions: [extensive(1, 120), extensive(2, 120)] }).changed).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('keeps the values of unknown labels, and never calls them a change', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { unknown: [['Colour', 'red']] })] });
    const hash = lab.state.hash;
    const delta = lab.take({ at: 60, sessions: [extensive(1, 60, { unknown: [['Colour', 'blue']] })] });
    expect(delta.changed).toEqual([]);
    expect(delta.rebase.map((x) => x.unknown)).toEqual([[{ name: 'Colour', value: 'blue' }]]);
    expect(lab.state.hash).toBe(hash);
    lab.take({ at: 90, level: 'brief', sessions: [brief(1)] });
    expect([...lab.state.list()][0]?.record.unknown).toEqual([['Colour', 'blue']]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});
