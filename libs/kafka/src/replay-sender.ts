/**
 * History again into a topic: resumable, and each message once. How far it came is committed with what it sent, as the offset of a
 * group of its own, so that the same replay goes on where it was stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaAdmin } from './admin.ts';
import type { KafkaClient } from './client.ts';
import type { OutgoingMessage } from './message.ts';
import { partitionOf } from './partitioner.ts';
import { TransactionalProducer } from './transactions.ts';

/** A place in history (ms UTC, router, number in its ledger): behind it, a replay goes on. */
export interface ReplayPlace {
  readonly at: number;
  readonly router: string;
  readonly seq: bigint;
}

/** One step of history and the messages that it is. */
export interface ReplayStep {
  readonly position: ReplayPlace;
  readonly messages: readonly OutgoingMessage[];
}

export interface ReplayProgress {
  /** Messages sent, by all runs of it. */
  readonly sent: number;
  readonly after: ReplayPlace;
  /** The one that was meant when it began (ms UTC). */
  readonly range: readonly [from: number, to: number];
  readonly done: boolean;
}

export interface SendOptions {
  readonly range: readonly [from: number, to: number];
  /** Where an earlier run of it stopped. */
  readonly before?: ReplayProgress | undefined;
  /** 1: as it happened; Infinity: as fast as it goes. */
  readonly speed: number;
  /** Ends it between two transactions; what was committed stands. */
  readonly signal?: AbortSignal;
  /** Called as it goes on, with the time in history (ms UTC) that has been read, and the messages that are committed. */
  readonly told?: (at: number, sent: number) => void;
}

/** A transaction is committed when it holds so much, is so old, or before a pause. */
const transactionBytes = 4_000_000;
const transactionMs = 1_000;

export class ReplaySender {
  readonly #topic: string;
  readonly #group: string;
  readonly #admin: KafkaAdmin;
  readonly #producer: TransactionalProducer;
  #partitions = 0;
  #sent = 0;

  /** @param id of the replay: the same id goes on with the same replay */
  constructor(kafka: KafkaClient, topic: string, id: string) {
    this.#topic = topic;
    this.#group = `reel-replay-${id}`;
    this.#admin = new KafkaAdmin(kafka);
    this.#producer = new TransactionalProducer(kafka, { transactionalId: this.#group, compression: 'gzip' });
  }

  /** How far an earlier run came; ends that run, should it still be there. @throws KafkaError, also when there is no such topic */
  async begin(): Promise<ReplayProgress | undefined> {
    this.#partitions = await this.#admin.partitionCount(this.#topic);
    // Only what is read after this is true.
    await this.#producer.initialise();
    const committed = (await this.#admin.committed(this.#group, this.#topic)).get(0);
    if (committed?.offset === undefined || committed.metadata === '') return undefined;
    const { sent, at, router, seq, range, done } = JSON.parse(committed.metadata) as {
      sent: number;
      at: number;
      router: string;
      seq: string;
      range: [number, number];
      done?: boolean;
    };
    return { sent, after: { at, router, seq: BigInt(seq) }, range, done: done === true };
  }

  /** Sends all steps. @returns how many messages were sent by all runs of it. @throws KafkaError; the signal's reason when it is aborted */
  async send(steps: AsyncIterable<ReplayStep>, options: SendOptions): Promise<number> {
    const { range, before, speed, signal, told = () => undefined } = options;
    this.#sent = before?.sent ?? 0;
    const wall = Date.now();
    const first = before?.after.at ?? range[0];
    let batch: ReplayStep[] = [];
    let bytes = 0;
    let flushed = Date.now();
    const flush = async (): Promise<void> => {
      await this.#commit(batch, range);
      batch = [];
      bytes = 0;
      flushed = Date.now();
    };
    for await (const step of steps) {
      signal?.throwIfAborted();
      const wait = wall + (step.position.at - first) / speed - Date.now();
      if (wait > 0) {
        await flush();
        await paused(wait, signal);
      }
      batch.push(step);
      bytes += step.messages.reduce((n, m) => n + (m.value?.length ?? 0), 0);
      if (bytes >= transactionBytes || Date.now() - flushed >= transactionMs) await flush();
      told(step.position.at, this.#sent);
    }
    await flush();
    await this.#finish(range);
    told(range[1], this.#sent);
    return this.#sent;
  }

  async stop(): Promise<void> {
    await this.#producer.stop();
    await this.#admin.stop();
  }

  /** Messages and how far they reach, in one transaction. */
  async #commit(steps: readonly ReplayStep[], range: readonly [number, number]): Promise<void> {
    const last = steps.at(-1);
    if (last === undefined) return;
    const messages = steps.flatMap((s) => s.messages);
    const sent = this.#sent + messages.length;
    const transaction = await this.#producer.begin();
    try {
      const byPartition = Map.groupBy(messages, (m) =>
        partitionOf(Buffer.from(m.key ?? ''), this.#partitions),
      );
      for (const [partition, own] of byPartition)
        for (const message of own) await transaction.send(this.#topic, partition, [message]);
      const { at, router, seq } = last.position;
      const metadata = JSON.stringify({ sent, at, router, seq: String(seq), range });
      await transaction.sendOffset(this.#group, this.#topic, 0, sent, metadata);
      await transaction.commit();
    } catch (error) {
      await transaction.abort();
      throw error;
    }
    this.#sent = sent;
  }

  /** Says that all of it was sent. The transaction before may still be ending: then Kafka refuses this one for a moment. */
  async #finish(range: readonly [number, number]): Promise<void> {
    const sent = this.#sent;
    const metadata = JSON.stringify({ sent, at: range[1], router: '', seq: '0', range, done: true });
    for (let tries = 1; ; tries++) {
      const transaction = await this.#producer.begin();
      try {
        await transaction.sendOffset(this.#group, this.#topic, 0, sent, metadata);
        await transaction.commit();
        return;
      } catch (error) {
        await transaction.abort();
        if (tries === 20) throw error;
        await sleep(50 * tries);
      }
    }
  }
}

async function paused(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
