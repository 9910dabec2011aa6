/**
 * The diff as one would write it in an afternoon: a regular expression a label, an object a session, a Map, deep-equal, avsc. It knows
 * one layout, and neither levels, parts, clocks, wraps, rounding nor restores.
 */
import avsc from 'avsc';
import equal from 'fast-deep-equal';
import type { Capture } from '../harness/index.ts';
import type { Summary } from './router-pipe.ts';

interface Session {
  readonly tunnel: number;
  readonly session: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly counters: Readonly<Record<string, bigint>>;
}

const counterNames = ['Control Tx', 'Control Rx', 'Data Tx', 'Data Rx', 'Errors Tx', 'Errors Rx'].flatMap(
  (label) => (label.startsWith('Errors') ? [`${label} packets`] : [`${label} packets`, `${label} bytes`]),
);
/** Labels that a line may begin with or hold after a comma. */
const pair = /([A-Z][A-Za-z ]*): ([^,\n]*(?:, Update [^,\n]*)?)/g;
const counter = /^ {6}([A-Z][a-z]+ [TR]x) +(\d+)(?: +(\d+))?$/gm;
const clocks = new Set(['Up time', 'Idle time']);

const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const ids = [
  { name: 'tunnel', type: 'int' },
  { name: 'session', type: 'int' },
] as const;
const snapshotType = avsc.Type.forSchema(
  {
    type: 'record',
    name: 'Snapshot',
    fields: [
      ...(['opened', 'changed', 'closed'] as const).map((name) => ({
        name,
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: `${name}Session`,
            fields: [
              ...ids,
              { name: 'attributes', type: { type: 'map', values: 'string' } },
              { name: 'counters', type: { type: 'map', values: 'long' } },
            ],
          },
        },
      })),
      {
        name: 'counters',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Counters',
            fields: [
              ...ids,
              ...counterNames.map((name) => ({ name: name.replaceAll(' ', '_'), type: 'long' })),
            ],
          },
        },
      },
    ],
  } as avsc.Schema,
  { registry: { long } },
);

export class NaiveDiff {
  #known = new Map<string, Session>();

  /** Sessions of the last snapshot. */
  get known(): number {
    return this.#known.size;
  }

  take({ parts }: Capture): Summary {
    const text = Buffer.concat([...parts]).toString('latin1');
    const now = new Map<string, Session>();
    const opened: Session[] = [];
    const changed: Session[] = [];
    const closed: Session[] = [];
    const counters: Record<string, number | bigint>[] = [];
    let bytes = 0;
    for (const session of sessionsOf(text)) {
      const key = `${session.tunnel}/${session.session}`;
      now.set(key, session);
      const before = this.#known.get(key);
      if (before === undefined || before.attributes['Create time'] !== session.attributes['Create time']) {
        if (before !== undefined) closed.push(before);
        opened.push(session);
        // Those that began since the snapshot before count from zero: in these captures, all that are new but the first.
        if (this.#known.size === 0) continue;
      } else if (!equal(before.attributes, session.attributes)) changed.push(session);
      const from = opened.at(-1) === session ? undefined : before;
      const deltas: Record<string, number | bigint> = { tunnel: session.tunnel, session: session.session };
      let moved = false;
      for (const name of counterNames) {
        const delta = (session.counters[name] ?? 0n) - (from?.counters[name] ?? 0n);
        if (delta !== 0n) moved = true;
        deltas[name.replaceAll(' ', '_')] = delta;
      }
      if (!moved) continue;
      counters.push(deltas);
      bytes += Number(deltas['Data_Rx_bytes']);
    }
    for (const [key, session] of this.#known) if (!now.has(key)) closed.push(session);
    this.#known = now;
    snapshotType.toBuffer({ opened, changed, closed, counters });
    return {
      opened: opened.length,
      closed: closed.length,
      changed: changed.length,
      counted: counters.length,
      bytes,
    };
  }
}

function* sessionsOf(text: string): Generator<Session> {
  for (const tunnelText of text.split(/^(?=Tunnel local ID: )/m).slice(1)) {
    const tunnel = Number(/\d+/.exec(tunnelText)?.[0]);
    for (const own of tunnelText.split(/^(?= {2}Session local ID: )/m).slice(1)) {
      const attributes: Record<string, string> = {};
      for (const [, label = '', value = ''] of own.matchAll(pair))
        if (!clocks.has(label.trim())) attributes[label.trim()] = value;
      const counters: Record<string, bigint> = {};
      for (const [, label = '', packets = '', size] of own.matchAll(counter)) {
        counters[`${label} packets`] = BigInt(packets);
        if (size !== undefined) counters[`${label} bytes`] = BigInt(size);
      }
      yield { tunnel, session: Number(attributes['Session local ID']), attributes, counters };
    }
  }
}
