/** What the console does with Kafka: looks at the lag, deals with dead letters, sends replays. Connects when it is first needed. */
import {
  KafkaAdmin,
  KafkaClient,
  KafkaProducer,
  ReplaySender,
  connectionOf,
  kafkaDeadLetters,
  type ConnectionSettings,
  type DeadLetterPort,
} from '@sessionreel/kafka';
import { Problem } from './problems.ts';

export interface Lag {
  readonly processor: number;
  readonly loader: number;
  readonly deadLetters: number;
}

export interface LinkSettings extends ConnectionSettings {
  readonly snapshotsTopic: string;
  readonly eventsTopic: string;
  readonly deadLettersTopic: string;
  readonly processorGroup: string;
  readonly loaderGroup: string;
}

const freshMs = 5_000;
const patienceMs = 3_000;
/** kafkajs tries for longer than a person waits. */
const answerMs = 15_000;

const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export class KafkaLink {
  readonly #settings: LinkSettings;
  #open: { client: KafkaClient; admin: KafkaAdmin; producer: KafkaProducer } | undefined;
  #asked = 0;
  #lag: Promise<Lag | null> = Promise.resolve(null);

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  /** How many messages wait. Asks at most every five seconds, and waits at most three: without Kafka the rest of an answer stands. */
  lag(): Promise<Lag | null> {
    if (Date.now() - this.#asked > freshMs) {
      this.#asked = Date.now();
      this.#lag = Promise.race([this.#waiting().catch(() => null), after(patienceMs, null)]);
    }
    return this.#lag;
  }

  /** Work with the dead letters. @throws Problem (503) when Kafka does not answer; what the work throws */
  async letters<T>(work: (port: DeadLetterPort) => Promise<T>): Promise<T> {
    const { client, admin, producer } = this.#connection();
    const { snapshotsTopic: snapshots, deadLettersTopic: deadLetters } = this.#settings;
    return await answered(work(kafkaDeadLetters(client, admin, producer, { snapshots, deadLetters })));
  }

  sender(topic: string, id: string): ReplaySender {
    return new ReplaySender(this.#connection().client, topic, id);
  }

  /** Topics that this installation itself reads: nothing is replayed into them from here. */
  get ownTopics(): readonly string[] {
    const { snapshotsTopic, eventsTopic, deadLettersTopic } = this.#settings;
    return [snapshotsTopic, eventsTopic, deadLettersTopic];
  }

  async stop(): Promise<void> {
    await this.#open?.producer.stop();
    await this.#open?.admin.stop().catch(nothing);
  }

  #connection(): { client: KafkaClient; admin: KafkaAdmin; producer: KafkaProducer } {
    if (this.#open === undefined) {
      const client = new KafkaClient({
        ...connectionOf(this.#settings),
        clientId: 'sessionreel-console',
        log: quiet,
      });
      this.#open = { client, admin: new KafkaAdmin(client), producer: new KafkaProducer(client) };
    }
    return this.#open;
  }

  async #waiting(): Promise<Lag> {
    const { admin } = this.#connection();
    const { snapshotsTopic, eventsTopic, deadLettersTopic, processorGroup, loaderGroup } = this.#settings;
    const dead = await admin.watermarks(deadLettersTopic);
    return {
      processor: await behind(admin, processorGroup, snapshotsTopic),
      loader: await behind(admin, loaderGroup, eventsTopic),
      deadLetters: [...dead.values()].reduce((sum, { low, high }) => sum + high - low, 0),
    };
  }
}

/** @throws Problem (503) when it takes longer than a person waits */
export async function answered<T>(work: Promise<T>): Promise<T> {
  const late = Symbol();
  const first = await Promise.race([work, after(answerMs, late)]);
  if (first === late) {
    work.catch(nothing);
    throw new Problem(503, 'Kafka does not answer.', { 'retry-after': '5' });
  }
  return first;
}

const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value).unref());

/** Markers of transactions count, so that a busy topic is never quite at 0. */
async function behind(admin: KafkaAdmin, group: string, topic: string): Promise<number> {
  return (await admin.waiting(group, topic)).reduce((sum, { from, end }) => sum + end - from, 0);
}
