/** For fuzzing: faults that our grammar can make of a capture, by a seeded generator. */

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const snippets = [
  ', Assigned IP address: 6.6.6.6',
  'Session local ID: 7, Session remote ID: 9',
  'Tunnel local ID: 5',
  '\n',
  '\r\n',
  '\t',
  '\u00a0',
  ', State: closed',
  'Interface unit: 99999999999999999999',
  'N/A',
  '---(more 45%)---\r      \r',
  '{master}\n',
  'user@host> ',
  'error: timeout\n',
  'warning: x\n',
  '18446744073709551616',
  '29.0k',
  '1d 02:03',
  'Packets        Bytes',
  '\u0000',
  '\ufffd',
  '"',
  '<rpc-error>',
  '{"',
  ':',
  ', ',
  'Data Tx  1  2',
  '  12  34  Established',
  '-1',
  '65536',
  '﻿',
  'Username: x, Local IP: 1.2.3.4:5, Remote IP:',
  'show services l2tp session extensive\n',
  'Foo bar: baz',
  '\x1b[2K',
  '\b\b\b',
  '[abort]\n',
  '\r\r\n',
  'Interface: sp-1/2/0\n',
  'Tunnel group: g\n',
  '<output>',
  '</output>',
  '\n#7\n',
];

/** One to four faults: cut, drop, repeat, swap and join lines, flip bytes, insert and replace. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let text = Buffer.from(bytes).toString('latin1');
  const pick = (n: number): number => Math.floor(random() * n);
  const faults = 1 + pick(4);
  for (let f = 0; f < faults; f++) {
    const lines = text.split('\n');
    const a = pick(lines.length);
    const b = pick(lines.length);
    const at = pick(text.length + 1);
    const snippet = Buffer.from(snippets[pick(snippets.length)] ?? '').toString('latin1');
    switch (pick(9)) {
      case 0:
        text = text.slice(0, at);
        break;
      case 1:
        lines.splice(a, 1 + pick(3));
        text = lines.join('\n');
        break;
      case 2:
        lines.splice(b, 0, ...lines.slice(a, a + 1 + pick(8)));
        text = lines.join('\n');
        break;
      case 3:
        [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
        text = lines.join('\n');
        break;
      case 4:
        text = `${text.slice(0, at)}${String.fromCharCode(pick(256))}${text.slice(at + 1)}`;
        break;
      case 5:
        text = text.slice(0, at) + snippet + text.slice(at);
        break;
      case 6:
        text = text.slice(0, at) + snippet + text.slice(at + pick(20));
        break;
      case 7:
        text = text.replace(/\d+/, () => '9'.repeat(1 + pick(30)));
        break;
      default:
        lines.splice(a, 0, snippet);
        text = lines.join('\n');
    }
  }
  return Buffer.from(text, 'latin1');
}

/** A capture's sessions several times over, with other ids: so that prediction has something to predict. */
export function repeated(text: string, random: () => number): Uint8Array {
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

/** Each session of a text many times over, one behind the other, with other ids and some other digits: runs of sessions that are alike. */
export function multiplied(text: string, random: () => number): Uint8Array {
  const pick = (n: number): number => Math.floor(random() * n);
  let id = pick(60_000);
  const another = (body: string): string => {
    const lines = body.split('\n');
    const changed = pick(lines.length);
    return lines
      .map((line, i) =>
        i === changed ? line.replace(/\d(?![\d.]*:)/g, (d) => (random() < 0.5 ? String(pick(10)) : d)) : line,
      )
      .join('\n')
      .replace(/(Session local ID: )\d+/g, (_, label: string) => label + String(++id % 65_536));
  };
  const [head = '', ...sessions] = text.split(/^(?=[ \t]*Session local ID:)/m);
  const bodies = sessions.map((session) => {
    const end = /^\S/m.exec(session.slice(1))?.index;
    const body = end === undefined ? session : session.slice(0, end + 1);
    return Array.from({ length: 1 + pick(20) }, () => another(body)).join('') + session.slice(body.length);
  });
  return Buffer.from(head + bodies.join(''), 'latin1');
}
