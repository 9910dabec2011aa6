/** How many messages wait, from Kafka. */
import type { KafkaAdmin } from '@sessionreel/kafka';
import type { Lag } from './routes/operations.ts';

const freshMs = 5_000;
const patienceMs = 3_000;

/** Asks at most every five seconds, and waits at most three: without Kafka the rest of an answer stands. */
export class KafkaLag {
  readonly #open: () => KafkaAdmin;
  #admin: KafkaAdmin | undefined;
  #asked = 0;
  #answer: Promise<Lag | null> = Promise.resolve(null);

  constructor(open: () => KafkaAdmin) {
    this.#open = open;
  }

  now(): Promise<Lag | null> {
    if (Date.now() - this.#asked > freshMs) {
      this.#asked = Date.now();
      const late = new Promise<null>((resolve) => setTimeout(resolve, patienceMs, null).unref());
      this.#answer = Promise.race([this.#ask().catch(() => null), late]);
    }
    return this.#answer;
  }

  async stop(): Promise<void> {
    await this.#admin?.stop().catch(() => undefined);
  }

  async #ask(): Promise<Lag> {
    this.#admin ??= this.#open();
    const events = process.env['REEL_EVENTS_TOPIC'] ?? 'l2tp.events';
    const loader = process.env['REEL_LOADER_GROUP'] ?? 'sessionreel-loader';
    const processor = process.env['REEL_PROCESSOR_GROUP'] ?? 'processor';
    const dead = await this.#admin.watermarks('l2tp.snapshots.dlq');
    return {
      processor: await behind(this.#admin, processor, 'l2tp.snapshots'),
      loader: await behind(this.#admin, loader, events),
      deadLetters: [...dead.values()].reduce((sum, { low, high }) => sum + high - low, 0),
    };
  }
}

/** Markers of transactions count, so that a busy topic is never quite at 0. */
async function behind(admin: KafkaAdmin, group: string, topic: string): Promise<number> {
  return (await admin.waiting(group, topic)).reduce((sum, { from, end }) => sum + end - from, 0);
}
