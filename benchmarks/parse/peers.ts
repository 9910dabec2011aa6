/** Other ways to read the same captures on this platform, and what it does at most. */
import { createHash } from 'node:crypto';
import { SaxesParser } from 'saxes';
import type { Captures, Contender, Sample } from '../harness/index.ts';
import { hashNames, lineOf, timed, warmUp } from './result.ts';

const allParts = (input: Captures): Buffer[] => input.captures.flatMap(({ parts }) => [...parts]);

type Session = Record<string, string>;

function hashOf(sessions: readonly Session[]): string {
  const hash = createHash('sha256');
  for (const session of sessions) hash.update(lineOf(hashNames.map((name) => session[name])));
  return hash.digest('hex').slice(0, 16);
}

/** A contender that gives sessions as objects; `read` alone is timed. */
function objects(
  name: string,
  note: string,
  kind: 'peer' | 'limit',
  read: (bytes: Buffer) => Session[],
): Contender<Captures> {
  return {
    name,
    kind,
    note,
    setup(input) {
      const parts = allParts(input);
      const readAll = (): Session[] => parts.flatMap((bytes) => read(bytes));
      return {
        run(): Sample {
          warmUp(() => void readAll(), 1);
          let sessions: Session[] = [];
          const times = timed(() => void (sessions = readAll()));
          return { work: input.bytes / 1e6, ...times, hash: hashOf(sessions) };
        },
      };
    },
  };
}

/** A parser as one writes it in an afternoon: lines, and a pattern for what stands on them. Knows this one layout. */
function splitAndMatch(bytes: Buffer): Session[] {
  const sessions: Session[] = [];
  let tunnel = '';
  let session: Session = {};
  for (const line of bytes.toString('utf8').split('\n')) {
    const counter = /^ +(Control|Data|Errors) (Tx|Rx) +(\d+)(?: +(\d+))?$/.exec(line);
    if (counter !== null) {
      const name = `${String(counter[1]).toLowerCase()}_${String(counter[2]).toLowerCase()}`;
      session[`${name}_packets`] = counter[3] ?? '';
      session[`${name}_bytes`] = counter[4] ?? '';
      continue;
    }
    for (const part of line.split(/, (?=[A-Z][A-Za-z ]*:)/)) {
      const match = /^ *([A-Z][A-Za-z ]*): ?(.*)$/.exec(part);
      if (match === null) continue;
      const [, label = '', value = ''] = match;
      if (label === 'Tunnel local ID') tunnel = value;
      else if (label === 'Session local ID')
        sessions.push((session = { tunnel_local_id: tunnel, session_local_id: value }));
      else session[label.toLowerCase().replaceAll(' ', '_')] = value;
    }
  }
  return sessions;
}

export const split = objects('split and regex', 'one layout, strings of some fields', 'peer', splitAndMatch);

interface Element {
  readonly [name: string]: readonly Element[] | undefined;
}

function leaf(element: Element, name: string): string {
  const [first] = (element[name] ?? []) as readonly { readonly data?: unknown }[];
  return typeof first?.data === 'string' ? first.data : '';
}

const tags: Readonly<Record<string, string>> = {
  session_local_id: 'l2tp-session-local-id',
  session_remote_id: 'l2tp-session-remote-id',
  state: 'l2tp-session-state',
  interface_unit: 'l2tp-session-interface-unit',
  local_name: 'l2tp-session-local-name',
  remote_name: 'l2tp-session-remote-name',
  call_serial_number: 'l2tp-session-call-serial-number',
  data_tx_packets: 'l2tp-data-tx-packets',
  data_tx_bytes: 'l2tp-data-tx-bytes',
  data_rx_packets: 'l2tp-data-rx-packets',
  data_rx_bytes: 'l2tp-data-rx-bytes',
};

function parseJson(bytes: Buffer): Session[] {
  const text = bytes.toString('utf8');
  const reply = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Element;
  const sessions: Session[] = [];
  for (const root of reply['service-l2tp-session-information'] ?? [])
    for (const tunnel of root['l2tp-per-tunnel-session-table'] ?? [])
      for (const table of tunnel['l2tp-session-table'] ?? [])
        for (const entry of table['l2tp-session-entry'] ?? []) {
          const session: Session = { tunnel_local_id: leaf(tunnel, 'l2tp-tunnel-local-id') };
          for (const [name, tag] of Object.entries(tags)) session[name] = leaf(entry, tag);
          sessions.push(session);
        }
  return sessions;
}

export const jsonParse = objects(
  'JSON.parse',
  'the engine’s own; objects, strings of some fields',
  'peer',
  parseJson,
);

export const saxes: Contender<Captures> = {
  name: 'saxes',
  kind: 'peer',
  note: 'tells of elements, builds nothing',
  setup: (input) => ({
    run() {
      for (const bytes of allParts(input)) {
        const parser = new SaxesParser();
        parser.on('text', () => undefined);
        const text = bytes.toString('utf8');
        parser.write(text.slice(text.indexOf('<'), text.lastIndexOf('>') + 1)).close();
      }
      return { work: input.bytes / 1e6 };
    },
  }),
};

export const newlines: Contender<Captures> = {
  name: 'newline scan',
  kind: 'limit',
  note: 'finds the lines by Buffer.indexOf, reads nothing',
  setup: (input) => ({
    run() {
      let lines = 0;
      for (const bytes of allParts(input))
        for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
      if (lines === 0) throw new Error('no lines');
      return { work: input.bytes / 1e6 };
    },
  }),
};

export const copy: Contender<Captures> = {
  name: 'memcpy',
  kind: 'limit',
  note: 'copies the bytes',
  setup(input) {
    const target = Buffer.alloc(Math.max(...allParts(input).map((bytes) => bytes.length)));
    return {
      run() {
        for (const bytes of allParts(input)) bytes.copy(target);
        return { work: input.bytes / 1e6 };
      },
    };
  },
};
