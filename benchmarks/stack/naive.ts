/**
 * What one would write first: one thread, lines split and matched by regular expressions, a `Map` of objects, a deep comparison,
 * JSON events to Kafka, and JSONEachRow to ClickHouse. It keeps less than we do (no layouts, no order, no ledger, no guarantees).
 */
import { isDeepStrictEqual } from 'node:util';
import kafkajs, { type Consumer } from 'kafkajs';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { KafkaAdmin, KafkaProducer } from '@sessionreel/kafka';
import type { Contender, Sample } from '../harness/index.ts';
import { kafkaClient, sendAll } from './client.ts';
import { Fleet, type FleetShape } from './fleet.ts';
import { cpuSeconds } from './process-cpu.ts';
import type { Servers } from './servers.ts';

type Session = Record<string, string>;

interface Change {
  readonly router: string;
  readonly at: string;
  readonly tunnel: string;
  readonly session: string;
  readonly kind: 'opened' | 'changed' | 'closed' | 'counted';
  readonly fields: Session;
}

const counters = ['Control', 'Data', 'Errors'];

/** Sessions by tunnel and ID. */
function parse(text: string): Map<string, Session> {
  const sessions = new Map<string, Session>();
  let tunnel = '';
  let session: Session = {};
  for (const line of text.split('\n')) {
    const head = /^Tunnel local ID: (\d+)/.exec(line);
    if (head !== null) {
      tunnel = head[1] ?? '';
      continue;
    }
    const first = /^\s+Session local ID: (\d+)/.exec(line);
    if (first !== null) {
      session = { tunnel, session: first[1] ?? '' };
      sessions.set(`${tunnel}/${session['session'] ?? ''}`, session);
    }
    const row = /^\s+(Control|Data|Errors)\s+(.*)$/.exec(line);
    if (row !== null) {
      (row[2] ?? '').split(/\s+/).forEach((value, n) => (session[`${row[1] ?? ''} ${n}`] = value));
      continue;
    }
    for (const pair of line.split(', ')) {
      const match = /^\s*([^:]+): ?(.*)$/.exec(pair);
      if (match !== null) session[match[1] ?? ''] = (match[2] ?? '').trim();
    }
  }
  return sessions;
}

const isCounter = (name: string): boolean => counters.some((one) => name.startsWith(`${one} `));
const clocks = new Set(['Up time', 'Idle time']);

/** What a snapshot part says against what is known; a session's absence says nothing here, since parts are not whole. */
function compare(
  router: string,
  at: string,
  known: Map<string, Session>,
  seen: Map<string, Session>,
): Change[] {
  const changes: Change[] = [];
  for (const [key, session] of seen) {
    const before = known.get(key);
    known.set(key, session);
    const names = { router, at, tunnel: session['tunnel'] ?? '', session: session['session'] ?? '' };
    if (before === undefined) {
      changes.push({ ...names, kind: 'opened', fields: session });
      continue;
    }
    if (isDeepStrictEqual(before, session)) continue;
    const attributes: Session = {};
    const counted: Session = {};
    for (const [name, value] of Object.entries(session)) {
      if (before[name] === value || clocks.has(name)) continue;
      if (isCounter(name)) counted[name] = String(BigInt(value) - BigInt(before[name] ?? '0'));
      else attributes[name] = value;
    }
    if (Object.keys(attributes).length > 0) changes.push({ ...names, kind: 'changed', fields: attributes });
    if (Object.keys(counted).length > 0) changes.push({ ...names, kind: 'counted', fields: counted });
  }
  return changes;
}

export function naivePipeline(polls: number): Contender<FleetShape> {
  return {
    name: 'naive',
    kind: 'peer',
    note: 'one thread, regular expressions, Map, JSON events, JSONEachRow; keeps less, promises nothing',
    rounds: 4,
    setup: (shape, fixture) => Naive.start(shape, fixture as Servers, polls),
  };
}

class Naive {
  readonly #fleet: Fleet;
  readonly #servers: Servers;
  readonly #polls: number;
  readonly #producer: KafkaProducer;
  readonly #store: ClickHouseClient;
  readonly #routers = new Map<string, Map<string, Session>>();
  #consumer: Consumer | undefined;
  #done = 0;
  #sent = 0;
  #wake: () => void = () => undefined;

  private constructor(shape: FleetShape, servers: Servers, polls: number) {
    this.#fleet = new Fleet(shape);
    this.#servers = servers;
    this.#polls = polls;
    this.#producer = new KafkaProducer(kafkaClient(servers.kafka));
    this.#store = createClient({ url: servers.clickhouse, database: 'sessionreel' });
  }

  static async start(shape: FleetShape, servers: Servers, polls: number): Promise<Naive> {
    const made = new Naive(shape, servers, polls);
    await made.#prepare();
    await made.#send(1);
    await made.#caughtUp();
    return made;
  }

  async run(): Promise<Sample> {
    const { kafkaPids, clickhousePids } = this.#servers;
    this.#consumer?.pause([{ topic: 'naive.snapshots' }]);
    const { sessions, bytes } = await this.#send(this.#polls);
    const used = process.cpuUsage();
    const servers = cpuSeconds([...kafkaPids, ...clickhousePids]);
    const began = performance.now();
    this.#consumer?.resume([{ topic: 'naive.snapshots' }]);
    await this.#caughtUp();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(used);
    const cpu = (user + system) / 1e6 + cpuSeconds([...kafkaPids, ...clickhousePids]) - servers;
    return { work: sessions, seconds, cpuSeconds: cpu, values: { mb_rate: bytes / 1e6 / seconds } };
  }

  async stop(): Promise<void> {
    await this.#consumer?.disconnect();
    await this.#producer.stop();
    await this.#store.close();
  }

  async #prepare(): Promise<void> {
    const config = { 'max.message.bytes': '8388608' };
    const admin = new KafkaAdmin(kafkaClient(this.#servers.kafka));
    await admin.createTopics(
      ['naive.snapshots', 'naive.events'].map((topic) => ({ topic, partitions: 4, config })),
    );
    await admin.stop();
    await this.#store.command({
      query: `CREATE TABLE naive_events (router String, at DateTime64(3), tunnel UInt32, session UInt32,
                kind LowCardinality(String), fields Map(LowCardinality(String), String))
              ENGINE = MergeTree ORDER BY (router, tunnel, session, at)`,
    });
    const kafka = new kafkajs.Kafka({
      brokers: [this.#servers.kafka],
      clientId: 'naive',
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const consumer = kafka.consumer({ groupId: 'naive' });
    this.#consumer = consumer;
    await consumer.connect();
    await consumer.subscribe({ topic: 'naive.snapshots', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        await this.#take(message.key?.toString() ?? '', message.value?.toString() ?? '', message.timestamp);
        this.#done++;
        this.#wake();
      },
    });
  }

  async #take(router: string, text: string, timestamp: string): Promise<void> {
    let known = this.#routers.get(router);
    if (known === undefined) this.#routers.set(router, (known = new Map<string, Session>()));
    const at = new Date(Number(timestamp)).toISOString().replace('T', ' ').replace('Z', '');
    const changes = compare(router, at, known, parse(text));
    if (changes.length === 0) return;
    await this.#producer.send('naive.events', [{ key: router, value: Buffer.from(JSON.stringify(changes)) }]);
    await this.#store.insert({ table: 'naive_events', values: changes, format: 'JSONEachRow' });
  }

  async #send(polls: number): Promise<{ bytes: number; sessions: number }> {
    let bytes = 0;
    let sessions = 0;
    for (let n = 0; n < polls; n++) {
      const poll = this.#fleet.poll();
      await sendAll(this.#producer, 'naive.snapshots', poll.messages);
      this.#sent += poll.messages.length;
      bytes += poll.bytes;
      sessions += poll.sessions;
    }
    return { bytes, sessions };
  }

  async #caughtUp(): Promise<void> {
    while (this.#done < this.#sent) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
