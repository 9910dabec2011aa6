/** What the parser reads is what the router printed: every record, and nothing that was not there. */
import { Prng, simulate, type Capture, type ListedSession } from '@sessionreel/fleet-sim';
import { indexOfField, type Format } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { readCapture } from './read.ts';

const formats: Format[] = ['text', 'xml', 'json'];

function captures(seed: number, format: Format): Capture[] {
  const prng = new Prng(`law ${String(seed)}`);
  const sim = simulate({
    seed,
    routers: { count: 6, sessions: 25, formats: [format] },
    start: Date.UTC(2026, 9, 24, 21) + prng.int(0, 3_600_000),
    durationMs: 900_000,
    pollEveryMs: 60_000,
    polls: [
      { level: 'extensive', everyMs: 120_000 },
      { level: 'brief', everyMs: 120_000 },
      { level: 'detail', everyMs: 240_000 },
      { level: 'statistics', everyMs: 240_000 },
    ],
    faults: 'harsh',
    life: { lifetimeMs: 300_000, hostileNames: 0.3, wrapShare: 0.2 },
    printRate: prng.pick([0, 20]),
    partSessions: prng.pick([0, 7]),
    textEnds: 'mixed',
    xml: prng.pick(['reply', 'rpc', 'bare']),
  });
  return [...sim].filter((item) => item.kind === 'capture');
}

function expected({ record }: ListedSession, format: Format): unknown {
  const values = Object.entries(record.values).sort(byCatalogue);
  const unknown = record.unknown.map(([name, value]) => [
    format === 'text' ? name : `l2tp-session-${name.toLowerCase().replaceAll(' ', '-')}`,
    value,
  ]);
  return { values, rounding: record.rounding, unknown };
}

function byCatalogue([a]: [string, unknown], [b]: [string, unknown]): number {
  return indexOfField(a) - indexOfField(b);
}

function what(capture: Capture): string {
  const { router, level, faults, ending, part } = capture;
  return [router, capture.capturedAt, level, faults.join('+'), ending, part?.number].join(' ');
}

/** The listing in a capture: without prompts, without what a pager left in it, without blank lines at its end. */
function listingOf(capture: Capture): string {
  const terminal = Buffer.from(capture.bytes).toString();
  const text = terminal.replaceAll(/---\(more\)---(\r {40}\r|[\b]{12} {12}[\b]{12})/g, '');
  const start = text.startsWith('{master}') || text.startsWith('noc@') ? text.indexOf('show ') : -1;
  const from = start < 0 ? 0 : text.indexOf('\n', start) + 1;
  const prompt = /\r?\n(\{master\}\r?\n)?noc@[^ ]*> $/.exec(text);
  return text.slice(from, prompt?.index ?? text.length).trimEnd();
}

const seeds = Array.from({ length: Number(process.env['LAW_SEEDS'] ?? 2) }, (_, n) => n + 1);
const cases = formats.flatMap((format) => seeds.map((seed) => ({ format, seed })));

describe('parsed captures are the truth', () => {
  it.each(cases)('$format, seed $seed', ({ format, seed }) => {
    const chunks = new Prng(`chunks ${String(seed)}`);
    let sessions = 0;
    for (const capture of captures(seed, format)) {
      const read = readCapture(capture, chunks.chance(0.5) ? chunks : undefined);
      const { listing, first, whole, partial, ended } = capture.truth;
      const title = what(capture);
      if (listing === null) {
        expect(read.sessions, title).toEqual([]);
        expect(read.result.snapshots === 0 || read.facts.every((f) => !f.complete), title).toBe(true);
        continue;
      }
      const truth = listing.sessions.slice(first, first + whole).map((s) => expected(s, format));
      const got = read.sessions.map(({ values, rounding, unknown }) => ({
        values: Object.entries(values).sort(byCatalogue),
        rounding,
        unknown: unknown.map((pair) => [...pair]),
      }));
      expect(got.slice(0, whole), title).toEqual(truth);
      expect(got.length - whole, title).toBeGreaterThanOrEqual(0);
      expect(got.length - whole, title).toBeLessThanOrEqual(partial ? 1 : 0);
      sessions += whole;
      if (ended) expect(read.printed()?.trimEnd() ?? '', title).toBe(listingOf(capture));
      if (whole + Number(partial) > 0 || ended) expect(read.facts.length, title).toBe(1);
      expect(read.facts[0]?.complete ?? false, title).toBe(ended);
      if (capture.command.includes(' extensive'))
        expect(read.facts[0]?.level ?? 'extensive', title).toBe('extensive');
    }
    expect(sessions).toBeGreaterThan(500);
  });
});
