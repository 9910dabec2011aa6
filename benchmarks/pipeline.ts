/** The whole path: from a message in Kafka to rows that can be queried, with all servers on this machine. */
import { benchmark, benchmarkCase } from './harness/index.ts';
import { bareConsumer } from './stack/bare-consumer.ts';
import { fleetInput } from './stack/fleet.ts';
import { naivePipeline } from './stack/naive.ts';
import { ourPipeline, partMetrics } from './stack/ours.ts';
import { startServers } from './stack/servers.ts';

const polls = 6;
export default benchmark({
  about: 'Kafka message to queryable row, the whole stack',
  budgetS: 150,
  cases: [
    benchmarkCase({
      name: '16 routers of 4k sessions, steady',
      input: fleetInput('16 × 4k sessions, extensive text', {
        routers: 16,
        sessionsPerRouter: 4_000,
        churn: 0.002,
        partSessions: 1_000,
        seed: 'pipeline',
      }),
      contenders: [ourPipeline({ name: 'sessionreel', polls }), naivePipeline(1), bareConsumer(polls)],
      metrics: {
        rate: { unit: 'sessions/s', goal: 300_000 },
        cpu_rate: { unit: 'sessions a CPU second, servers included' },
        mb_rate: { unit: 'MB/s of captures' },
        ...partMetrics,
      },
      fixture: startServers,
      rounds: 5,
      runLimitS: 180,
    }),
  ],
});
