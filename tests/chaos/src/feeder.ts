/** Sends the load, exactly once and in order, also while Kafka is killed: it looks at what arrived before it goes on. */
import { KafkaAdmin, KafkaProducer, type KafkaClient } from '@sessionreel/kafka';
import { pause } from '@sessionreel/ops';
import { partitions, type InputMessage } from './input.ts';

const atOnce = 20;

export class Feeder {
  readonly #client: KafkaClient;
  readonly #topic: string;
  /** What is to lie in each partition, in order. Only we write there, and without transactions: an offset is a place. */
  readonly #lanes: readonly (readonly InputMessage[])[];
  readonly #stop = new AbortController();
  readonly #next: number[];
  #goal = 0;
  #total: number;
  #running: Promise<void> | undefined;

  constructor(client: KafkaClient, topic: string, input: readonly InputMessage[]) {
    this.#client = client;
    this.#topic = topic;
    this.#total = input.length;
    this.#lanes = Array.from({ length: partitions }, (_, p) => input.filter((m) => m.partition === p));
    this.#next = this.#lanes.map(() => 0);
  }

  get sent(): number {
    return this.#next.reduce((a, b) => a + b, 0);
  }

  /** Lets a share of the load go (0 to 1); it is sent in the background. */
  feed(share: number): void {
    this.#goal = Math.max(this.#goal, share);
    this.#running ??= this.#run();
  }

  async all(): Promise<void> {
    this.feed(1);
    while (this.sent < this.#total) await pause(50);
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the load stops'));
    await this.#running;
  }

  async #run(): Promise<void> {
    let producer = new KafkaProducer(this.#client);
    const admin = new KafkaAdmin(this.#client);
    while (!this.#stop.signal.aborted) {
      try {
        const due = this.#due();
        if (due.length === 0) await pause(20);
        else await producer.send(this.#topic, due);
        this.#took(due);
      } catch {
        await producer.stop();
        producer = new KafkaProducer(this.#client);
        await this.#lookUntilSeen(admin);
      }
    }
    await producer.stop();
    await admin.stop();
  }

  #due(): InputMessage[] {
    for (const [p, lane] of this.#lanes.entries()) {
      const from = this.#next[p] ?? 0;
      const to = Math.min(from + atOnce, Math.ceil(lane.length * this.#goal));
      // The partition that is behind the most, so that all go forward together.
      if (from < to && from / lane.length <= Math.min(...this.#shares())) return lane.slice(from, to);
    }
    return [];
  }

  #shares(): number[] {
    return this.#lanes.flatMap((lane, p) =>
      lane.length === 0 || (this.#next[p] ?? 0) >= Math.ceil(lane.length * this.#goal)
        ? []
        : [(this.#next[p] ?? 0) / lane.length],
    );
  }

  #took(messages: readonly InputMessage[]): void {
    const partition = messages[0]?.partition;
    if (partition !== undefined) this.#next[partition] = (this.#next[partition] ?? 0) + messages.length;
  }

  /** What was under way may have arrived or not: nothing is sent before that is known, or it would lie there twice. */
  async #lookUntilSeen(admin: KafkaAdmin): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(300);
      try {
        await this.#look(admin);
        return;
      } catch {
        // Kafka is still away.
      }
    }
  }

  async #look(admin: KafkaAdmin): Promise<void> {
    const ends = await admin.watermarks(this.#topic);
    for (const [p, { high }] of ends)
      // Where forwarded messages come in, offsets are no places; nothing of ours goes there.
      if ((this.#lanes[p]?.length ?? 0) > 0) this.#next[p] = high;
  }
}
