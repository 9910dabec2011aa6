/** Invented replies: printed back, read alike on both paths and however cut, and as saxes and JSON.parse read them. */
import { fields, type SessionRecord } from '@sessionreel/session-model';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test, vi } from 'vitest';
import { parseMarkup, printParsed, told } from '../testing/markup-fixture.ts';
import { inventedReply } from '../testing/markup-invented.ts';

vi.setConfig({ testTimeout: 60_000 });

const numRuns = 300;

/** The leaves of each session, by a peer that knows nothing of ours. */
type Leaves = Map<string, string>[];

function leavesOfXml(bytes: Buffer): Leaves {
  const parser = new SaxesParser();
  const sessions: Leaves = [];
  let text = '';
  parser.on('opentag', ({ name }) => {
    if (name.endsWith('l2tp-session-entry')) sessions.push(new Map());
    text = '';
  });
  parser.on('text', (t) => (text += t));
  parser.on('cdata', (t) => (text += t));
  parser.on('closetag', ({ name }) => sessions.at(-1)?.set(name.replace(/^.*:/, ''), text));
  parser.write(bytes.toString('utf8')).close();
  return sessions;
}

function leavesOfJson(bytes: Buffer): Leaves {
  const sessions: Leaves = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key.endsWith('l2tp-session-entry'))
        for (const entry of inner as object[]) sessions.push(leavesOfEntry(entry));
      else walk(inner);
    }
  };
  walk(JSON.parse(bytes.toString('utf8')));
  return sessions;
}

function leavesOfEntry(entry: object): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const [key, list] of Object.entries(entry)) {
    const data: unknown = (list as { data: unknown }[])[0]?.data;
    leaves.set(key.replace(/^.*:/, ''), Array.isArray(data) ? '' : String(data));
  }
  return leaves;
}

function hasControls(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are the characters that are meant
  return /[\x01-\x08\x0b-\x1f]|&#x[0-8b-f];|&#x1[0-9a-f];/.test(text.replaceAll('\r\n', '\n'));
}

/** What the peer read of texts and numbers, as the record should hold it. */
function expectAgrees(record: SessionRecord, leaves: Map<string, string>): void {
  for (const f of fields) {
    const raw = leaves.get(f.tags[0] ?? '');
    // A source may stand in the speed's own value as well: the first one counts.
    if (raw === undefined || f.scope === 'tunnel' || f.partOf !== undefined) continue;
    const value = record.values[f.name];
    const bare = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    // A duration without text still has the seconds beside it.
    if (bare === '') expect(value === '' || f.type === 'duration').toBe(true);
    else if (bare.toLowerCase() === 'n/a' && f.name !== 'user_name') expect(value).toBeNull();
    // How much white space around a text is padding is our own rule.
    else if (f.type === 'text')
      expect(String(value).includes(bare) && raw.includes(String(value))).toBe(true);
    else if (f.type === 'u32' && /^[0-9]{1,9}$/.test(bare)) expect(value).toBe(Number(bare));
    else if (f.type === 'u64' && /^[0-9]{1,15}$/.test(bare)) expect(value).toBe(BigInt(bare));
  }
}

describe.each(['xml', 'json'] as const)('%s', (format) => {
  test('prints back byte for byte', () => {
    fc.assert(
      fc.property(inventedReply(format), (bytes) => {
        const parsed = parseMarkup(format, bytes);
        expect(
          parsed.facts.incompleteReason.replace(/^line \d+: session \d+\/\d+ is listed twice.*/, ''),
        ).toBe('');
        expect(printParsed(parsed).toString('utf8')).toBe(bytes.toString('utf8'));
        const forgetful = parseMarkup(format, bytes, [], { layouts: 3 });
        expect(printParsed(forgetful).equals(bytes)).toBe(true);
      }),
      { numRuns },
    );
  });

  test('reads alike with prediction and without, and however it is cut', () => {
    fc.assert(
      fc.property(inventedReply(format), fc.array(fc.nat(), { maxLength: 5 }), (bytes, at) => {
        const plain = told(parseMarkup(format, bytes, [], {}, false));
        expect(told(parseMarkup(format, bytes))).toBe(plain);
        const cuts = [...new Set(at.map((n) => n % bytes.length))].sort((a, b) => a - b);
        expect(told(parseMarkup(format, bytes, cuts))).toBe(plain);
      }),
      { numRuns },
    );
  });

  test('agrees with a peer', () => {
    fc.assert(
      fc.property(inventedReply(format), (bytes) => {
        // saxes refuses control characters, which a router may print.
        fc.pre(!hasControls(bytes.toString('utf8')));
        const { records, facts } = parseMarkup(format, bytes);
        const peer = format === 'xml' ? leavesOfXml(bytes) : leavesOfJson(bytes);
        // Sessions listed twice are left out: then only the number is compared.
        const twice = facts.errors.filter(({ message }) => message.includes('is listed twice'));
        expect(records.length + twice.length).toBe(peer.length);
        if (twice.length > 0) return;
        records.forEach((record, i) => expectAgrees(record, peer[i] as Map<string, string>));
      }),
      { numRuns },
    );
  });
});
