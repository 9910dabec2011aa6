/** The processor, killed and started again with all its sessions to be restored from Kafka. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaAdmin, KafkaProducer, type OutgoingMessage } from '@sessionreel/kafka';
import type { Contender, Runner, Sample } from '../harness/index.ts';
import { startApp } from './apps.ts';
import { kafkaClient, sendAll } from './client.ts';
import { Fleet, type FleetShape } from './fleet.ts';
import { cpuSeconds, residentBytes } from './process-cpu.ts';
import type { Servers } from './servers.ts';

const topic = 'l2tp.snapshots';
const group = 'processor';
/** One that bears its name takes its own place in the group at once, as under `npm start`. */
const env = { REEL_PROCESSOR_INSTANCE: 'bench' };
/** What a restart may take before the run has failed, ms. */
const limitMs = 120_000;

export const restarted: Contender<FleetShape> = {
  name: 'sessionreel',
  kind: 'ours',
  note: 'SIGKILL, then from the start of the process until a capture of every partition is committed',
  setup: (shape, fixture) => Restarted.start(shape, fixture as Servers),
};

class Restarted implements Runner {
  readonly #servers: Servers;
  readonly #sessions: number;
  readonly #admin: KafkaAdmin;
  readonly #producer: KafkaProducer;
  #processor: ChildProcess;
  /** One part of a capture for each partition, run by run. */
  readonly #parts = new Map<number, OutgoingMessage[]>();

  private constructor(shape: FleetShape, servers: Servers) {
    this.#servers = servers;
    this.#sessions = shape.routers * shape.sessionsPerRouter;
    const client = kafkaClient(servers.kafka);
    this.#admin = new KafkaAdmin(client);
    this.#producer = new KafkaProducer(client);
    this.#processor = startApp('processor', servers, env);
  }

  /** With every session known, and checkpoints written as they come. */
  static async start(shape: FleetShape, servers: Servers): Promise<Restarted> {
    const made = new Restarted(shape, servers);
    for (let n = 0; n < shape.routers; n++) {
      // One router after another: the whole fleet's text does not fit into memory.
      const name = `lns-${String(n).padStart(5, '0')}`;
      const router = new Fleet({ ...shape, routers: 1 }, { name, seed: `${shape.seed}/${n}` });
      await sendAll(made.#producer, topic, router.poll().messages);
      const next = router.poll().messages;
      const sent = await made.#producer.send(topic, next.slice(0, 1));
      made.#parts.set(sent[0]?.partition ?? 0, next.slice(1, 20));
    }
    const ends = [...(await made.#admin.watermarks(topic)).values()];
    await made.#until((offset, partition) => offset >= (ends[partition]?.high ?? 0), 10 * limitMs);
    return made;
  }

  async run(): Promise<Sample> {
    await this.#end();
    const ends = await this.#admin.watermarks(topic);
    for (const waiting of this.#parts.values()) await this.#producer.send(topic, waiting.splice(0, 1));
    const began = performance.now();
    this.#processor = startApp('processor', this.#servers, env);
    let first = 0;
    await this.#until((offset, partition) => {
      const went = offset > (ends.get(partition)?.high ?? 0) || !this.#parts.has(partition);
      if (went && this.#parts.has(partition) && first === 0) first = performance.now();
      return went;
    }, limitMs);
    const seconds = (performance.now() - began) / 1000;
    return {
      work: this.#sessions,
      seconds,
      cpuSeconds: cpuSeconds([this.#processor.pid ?? 0]),
      values: {
        first_s: (first - began) / 1000,
        all_s: seconds,
        resident_bytes: residentBytes(this.#processor.pid ?? 0) / this.#sessions,
      },
    };
  }

  async stop(): Promise<void> {
    await this.#end();
    await this.#producer.stop();
    await this.#admin.stop();
  }

  async #end(): Promise<void> {
    const ended = new Promise((resolve) => this.#processor.once('exit', resolve));
    this.#processor.kill('SIGKILL');
    await ended;
  }

  /** Until what is committed satisfies, in every partition. */
  async #until(there: (offset: number, partition: number) => boolean, ms: number): Promise<void> {
    const end = performance.now() + ms;
    for (;;) {
      const committed = await this.#admin.committed(group, topic);
      const all = [...committed].map(([partition, { offset }]) => there(offset ?? 0, partition));
      if (all.length > 0 && all.every(Boolean)) return;
      if (this.#processor.exitCode !== null) throw new Error('the processor has ended');
      if (performance.now() > end) throw new Error(`not within ${ms / 1000} s`);
      await delay(20);
    }
  }
}
