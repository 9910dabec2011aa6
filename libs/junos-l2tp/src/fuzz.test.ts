/** A bounded share of the fuzzing: `node src/fuzz.ts --minutes N` goes on from here. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check } from './fuzz-check.ts';
import { mutate, seeded } from './mutate.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const samples = readdirSync(fixtures)
  .filter((name) => /^\d\d-/.test(name))
  .map((name) => readFileSync(new URL(`${name}/in.txt`, fixtures)).toString('latin1'));

/** The sample's sessions several times over, with other ids: so that prediction has something to predict. */
function repeated(text: string, random: () => number): Uint8Array {
  const from = text.indexOf('\n') + 1;
  const id = (): string => String(Math.floor(random() * 65536));
  let out = random() < 0.5 ? text.slice(0, from) : '';
  const times = 1 + Math.floor(random() * 5);
  for (let i = 0; i < times; i++) {
    out += text
      .slice(from)
      .replace(/(Session local ID: )\d+/g, (_, label: string) => label + id())
      .replace(/(Tunnel local ID: +)\d+/g, (_, label: string) => label + (random() < 0.5 ? id() : '7'))
      .replace(/\d{5}(?= +[15] )/, () => String(10000 + Math.floor(random() * 55535)));
    out += `${text.endsWith('\n') ? '' : '\n'}${random() < 0.2 ? '\n' : ''}`;
  }
  return Buffer.from(out, 'latin1');
}

describe('faulty captures', { timeout: 60_000 }, () => {
  it('are read the same predicted, plain and cut, make up no session, and are printed again', () => {
    for (let seed = 1; seed <= 600; seed++) {
      const random = seeded(seed);
      const bytes = repeated(samples[Math.floor(random() * samples.length)] ?? '', random);
      const faulty = random() < 0.8 ? mutate(bytes, random) : bytes;
      expect({ seed, finding: check(faulty, random) }).toEqual({ seed, finding: null });
    }
  });
});
