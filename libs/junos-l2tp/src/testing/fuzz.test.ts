/** A bounded share of the fuzzing: `node src/fuzz.ts --minutes N` goes on from here. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check } from './fuzz-check.ts';
import { multiplied, mutate, repeated, seeded } from './mutate.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);
const samples = readdirSync(fixtures)
  .filter((name) => /^\d\d-/.test(name))
  .map((name) => readFileSync(new URL(`${name}/in.txt`, fixtures)).toString('latin1'));

describe('faulty captures', { timeout: 60_000 }, () => {
  it('are read the same predicted, plain and cut, make up no session, and are printed again', () => {
    for (let seed = 1; seed <= 600; seed++) {
      const random = seeded(seed);
      const sample = samples[Math.floor(random() * samples.length)] ?? '';
      const bytes = seed % 2 === 0 ? repeated(sample, random) : multiplied(sample, random);
      const faulty = random() < 0.8 ? mutate(bytes, random) : bytes;
      expect({ seed, finding: check(faulty, random) }).toEqual({ seed, finding: null });
    }
  });
});
