import { describe, expect, it } from 'vitest';
import { fleetRouter, parseFleet, readFleet } from './fleet.ts';
import { ConfigError } from './settings.ts';

describe('parseFleet', () => {
  it('gives defaults for what is left out', () => {
    const fleet = parseFleet(
      'routers:\n  lns1: { timezone: Europe/Berlin, role: LNS, limits: { interface: 64000 } }\n  lac1:\n',
    );
    expect(fleetRouter(fleet, 'lns1')).toMatchObject({
      timezone: 'Europe/Berlin',
      role: 'lns',
      limits: { interface: 64_000 },
    });
    expect(fleetRouter(fleet, 'lac1').timezone).toBe('UTC');
    expect(fleetRouter(fleet, 'not there').role).toBe('');
  });

  it('says everything that is wrong, with its place', () => {
    const text = 'routers:\n  a: { timezone: Mars/Olympus }\n  b: { role: PE, colour: red }\n';
    const problems = problemsOf(() => parseFleet(text, 'f.yaml'));
    expect(problems.join('\n')).toContain('f.yaml: routers.a.timezone: is no time zone');
    expect(problems.join('\n')).toContain('routers.b.role');
    expect(problems.join('\n')).toContain('colour');
  });

  it('refuses what is no YAML, and a file that is not there; an empty one is an empty fleet', () => {
    expect(() => parseFleet('routers: [')).toThrow(ConfigError);
    expect(() => readFleet('not-there.yaml')).toThrow(/cannot read/);
    expect(parseFleet('').routers.size).toBe(0);
    expect(readFleet('').routers.size).toBe(0);
  });
});

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
