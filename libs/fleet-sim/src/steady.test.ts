import type { Format, Level } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import type { PrintVariant } from './layouts.ts';
import { printJson, printXml } from './markup.ts';
import { SteadyState } from './steady.ts';
import { printText, type TunnelGroup } from './text.ts';
import { plainStyle } from './values.ts';

const kinds: [PrintVariant, Level][] = [
  ['lns-mx', 'brief'],
  ['lns-mx', 'extensive'],
  ['lns-mx', 'statistics'],
  ['lns-m', 'brief'],
  ['lns-m', 'extensive'],
  ['lac', 'brief'],
  ['lac', 'detail'],
  ['lac', 'extensive'],
];
const formats: Format[] = ['text', 'xml', 'json'];
const cases = formats.flatMap((format) => kinds.map(([variant, level]) => ({ format, variant, level })));

function printedAnew(groups: TunnelGroup[], format: Format, variant: PrintVariant, level: Level): string {
  const style = { ...plainStyle, lowerCaseMode: variant === 'lns-m' };
  const release = variant === 'lns-m' ? '11.4R7' : '21.4R3';
  const pieces =
    format === 'xml'
      ? printXml(groups, { around: 'reply', release }, style)
      : format === 'json'
        ? printJson(groups, release, style)
        : printText(groups, variant, level, { ...style, indents: {} });
  return pieces.map((piece) => piece.text).join('');
}

describe('a steady state', () => {
  it.each(cases)('prints by patching what it would print anew: $variant $level $format', (kind) => {
    const { format, variant, level } = kind;
    const steady = new SteadyState({
      seed: 3,
      sessions: 60,
      sessionsPerTunnel: 25,
      churn: 0.05,
      stepMs: 3_600_000,
      ...kind,
    });
    let before = '';
    for (let n = 0; n < 12; n++) {
      const snapshot = steady.next();
      const text = Buffer.concat(snapshot.parts).toString();
      const expected = printedAnew(
        steady.records().map((sessions) => ({ sessions })),
        format,
        variant,
        level,
      );
      const listing =
        format === 'text' ? text.slice(text.indexOf('\n') + 1, text.lastIndexOf('\nnoc@lns1> ')) : text;
      expect(listing).toBe(expected);
      expect(snapshot.sessions).toBe(60);
      expect(text).not.toBe(before);
      before = text;
    }
  });

  it('splits into parts that print their tunnel headers again', () => {
    const kind = { variant: 'lns-mx', level: 'extensive', format: 'text' } as const;
    const steady = new SteadyState({
      seed: 3,
      sessions: 100,
      sessionsPerTunnel: 40,
      partSessions: 15,
      ...kind,
    });
    const { parts } = steady.next();
    expect(parts).toHaveLength(7);
    const headers = parts.map((part) => Buffer.from(part).toString().startsWith('Tunnel local ID: '));
    expect(headers.every(Boolean)).toBe(true);
    const ids = Buffer.concat(parts)
      .toString()
      .match(/Session local ID/g);
    expect(ids).toHaveLength(100);
  });

  it('gives the same bytes for the same seed', () => {
    const kind = { sessions: 20, variant: 'lns-mx', level: 'extensive', format: 'text', churn: 0.1 } as const;
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const steady = new SteadyState({ seed, shuffled: true, ...kind });
      return [steady, steady].map((s) => Buffer.concat(s.next().parts).toString());
    });
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});
