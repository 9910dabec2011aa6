import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime, printTime, utcOfWall, wallOf } from './times.ts';

const now = Date.UTC(2026, 10, 20, 12, 0, 0);
const at = (typed: string, zone = 'UTC'): string => printTime(parseTime(typed, now, zone));

describe('a time as typed', () => {
  it.each([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00Z'],
    ['2026-11-20T10:00:00+01:00', '2026-11-20T09:00:00Z'],
    ['2026-11-20t10:00:00.25-0530', '2026-11-20T15:30:00.250Z'],
    ['2026-11-20 10:00', '2026-11-20T10:00:00Z'],
    ['2026-11-20 10:00:05 UTC', '2026-11-20T10:00:05Z'],
    ['2026-11-20', '2026-11-20T00:00:00Z'],
    ['-90m', '2026-11-20T10:30:00Z'],
    ['-1.5h', '2026-11-20T10:30:00Z'],
    ['-2w', '2026-11-06T12:00:00Z'],
    ['now', '2026-11-20T12:00:00Z'],
  ])('%s', (typed, expected) => expect(at(typed)).toBe(expected));

  it('without a zone is in the one that is asked for, summer time included', () => {
    expect(at('2026-11-20 10:00', 'Europe/Berlin')).toBe('2026-11-20T09:00:00Z');
    expect(at('2026-07-20 10:00', 'Europe/Berlin')).toBe('2026-07-20T08:00:00Z');
  });

  it.each([
    '',
    'yesterday',
    '90m',
    '-90',
    '2026-02-30',
    '2026-11-20 25:00',
    '2026-11-20T10:61:00Z',
    "';--",
    '2026-13-01',
  ])('%j is refused, with the forms that there are', (typed) => {
    expect(() => at(typed)).toThrow('is not a time');
  });

  it('in a zone that does not exist is refused', () => {
    expect(() => at('2026-11-20 10:00', 'Mars/Olympus')).toThrow('no time zone');
  });
});

describe("a zone's wall clock", () => {
  it('that shows an hour twice means the first', () => {
    const wall = Date.UTC(2026, 9, 25, 2, 30);
    expect(printTime(utcOfWall(wall, 'Europe/Berlin'))).toBe('2026-10-25T00:30:00Z');
  });

  it('that skips an hour is read on as it went before', () => {
    const wall = Date.UTC(2026, 2, 29, 2, 30);
    expect(printTime(utcOfWall(wall, 'Europe/Berlin'))).toBe('2026-03-29T01:30:00Z');
  });

  it("and UTC are each other's inverse but in the hour that is shown twice", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 946684800, max: 2524608000 }),
        fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'UTC', 'Asia/Kathmandu'),
        (seconds, zone) => {
          const wall = wallOf(seconds * 1000, zone);
          const back = utcOfWall(wall, zone);
          expect(wallOf(back, zone)).toBe(wall);
          expect(back).toBeLessThanOrEqual(seconds * 1000);
          expect(seconds * 1000 - back).toBeLessThanOrEqual(3_600_000);
        },
      ),
      { numRuns: 300 },
    );
  });
});
