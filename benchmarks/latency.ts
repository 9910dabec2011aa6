/** From the Kafka timestamp of a capture to the moment when all its rows can be queried, at half of what the stack sustains. */
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaProducer, type OutgoingMessage } from '@sessionreel/kafka';
import { benchmark, benchmarkCase, type Contender, type Sample } from './harness/index.ts';
import { kafkaClient } from './stack/client.ts';
import { fleetInput, type FleetShape } from './stack/fleet.ts';
import { OurPipeline } from './stack/ours.ts';
import { startServers, type Servers } from './stack/servers.ts';

const seconds = 10;

interface Waiting {
  readonly partition: number;
  readonly offset: number;
  readonly sentAt: number;
}

const ours: Contender<FleetShape> = {
  name: 'sessionreel',
  kind: 'ours',
  note: 'captures of 1,000 sessions at an even pace',
  async setup(shape, fixture) {
    const servers = fixture as Servers;
    const stack = await OurPipeline.start(shape, servers, { name: 'sessionreel', polls: 3 });
    const { work = 0, seconds: took = 1 } = await stack.run();
    const half = work / took / 2;
    const producer = new KafkaProducer(kafkaClient(servers.kafka));
    return {
      run: () => paced(stack, producer, half),
      async stop() {
        await producer.stop();
        await stack.stop();
      },
    };
  },
};

/** Sends for some seconds at so many sessions/s, and waits for each capture to be seen. */
async function paced(stack: OurPipeline, producer: KafkaProducer, rate: number): Promise<Sample> {
  const waiting: Waiting[] = [];
  const latencies: number[] = [];
  const messages: { message: OutgoingMessage; sessions: number }[] = [];
  for (let sessions = 0; sessions < rate * seconds;) {
    const poll = stack.fleet.poll();
    for (const message of poll.messages)
      messages.push({ message, sessions: poll.sessions / poll.messages.length });
    sessions += poll.sessions;
  }
  const sending = new AbortController();
  const watching = (async () => {
    while (!sending.signal.aborted || waiting.length > 0) {
      stack.apps.check();
      const newest = await stack.watcher.newest();
      const now = Date.now();
      for (let n = waiting.length - 1; n >= 0; n--) {
        const one = waiting[n];
        if (one === undefined || one.offset > (newest.get(one.partition) ?? -1)) continue;
        latencies.push(now - one.sentAt);
        waiting.splice(n, 1);
      }
      await delay(20);
    }
  })();
  const began = performance.now();
  let sent = 0;
  for (const { message, sessions } of messages) {
    const due = began + (sent / rate) * 1000;
    if (due > performance.now()) await delay(due - performance.now());
    const sentAt = Date.now();
    const [at] = await producer.send('l2tp.snapshots', [{ ...message, timestamp: sentAt }]);
    if (at !== undefined) waiting.push({ partition: at.partition, offset: at.firstOffset, sentAt });
    sent += sessions;
  }
  const took = (performance.now() - began) / 1000;
  sending.abort();
  await watching;
  stack.took(messages.length);
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { values: { p50: at(0.5), p99: at(0.99), load: sent / took } };
}

export default benchmark({
  about: 'Kafka timestamp to queryable, at half of the sustained load',
  budgetS: 90,
  cases: [
    benchmarkCase({
      name: '16 routers of 4k sessions, half load',
      input: fleetInput('16 × 4k sessions, at a pace', {
        routers: 16,
        sessionsPerRouter: 4_000,
        churn: 0.002,
        partSessions: 1_000,
        seed: 'latency',
      }),
      contenders: [ours],
      metrics: {
        p50: { unit: 'ms', better: 'lower' },
        p99: { unit: 'ms', better: 'lower', goal: 2_000 },
        load: { unit: 'sessions/s' },
      },
      fixture: startServers,
      rounds: 5,
      runLimitS: 180,
    }),
  ],
});
