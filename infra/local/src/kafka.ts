import { startServer } from './start-server.ts';
import type { RunningServer, StartOptions } from './start-server.ts';

export interface KafkaOptions extends StartOptions {
  /** Partitions of each topic when it is made; 4 by default. */
  readonly partitions?: number;
  /** Largest heap of the JVM, as -Xmx takes it. */
  readonly heap?: string;
}

/** Starts Apache Kafka (one KRaft node) with Sessionreel's topics. `address` is `host:port`. Throws `StartError`. */
export function startKafka(options: KafkaOptions): Promise<RunningServer> {
  const args = [
    '--dir',
    options.dir,
    '--port',
    String(options.port),
    '--partitions',
    String(options.partitions ?? 4),
  ];
  if (options.heap !== undefined) args.push('--heap', options.heap);
  return startServer('./kafka-server.ts', args, options);
}
