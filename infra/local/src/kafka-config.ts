import { messageBytesMax } from './kafka-topics.ts';

export interface BrokerConfig {
  readonly port: number;
  readonly controllerPort: number;
  readonly logFolder: string;
  readonly partitions: number;
}

/** server.properties of the one node: broker and controller, on the loopback interface. */
export function serverProperties(config: BrokerConfig): string {
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    // A static quorum: the controller's port may be another at each start.
    'controller.quorum.voters': `1@127.0.0.1:${config.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${config.port},CONTROLLER://127.0.0.1:${config.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${config.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': config.logFolder,
    'num.partitions': config.partitions,
    'auto.create.topics.enable': 'false',
    'delete.topic.enable': 'true',
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    // Offsets are the memory of what was done: they never expire.
    'offsets.retention.minutes': 2_147_483_647,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'message.max.bytes': messageBytesMax,
    'replica.fetch.max.bytes': messageBytesMax,
    'replica.fetch.response.max.bytes': messageBytesMax,
    'fetch.max.bytes': 2 * messageBytesMax,
    'socket.request.max.bytes': 4 * messageBytesMax,
    'log.retention.check.interval.ms': 60_000,
    'num.recovery.threads.per.data.dir': 2,
    // After a kill the controller takes the broker's new start only when the old one counts as gone: 9 s by default.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Kafka's own log, warnings and worse, in files of 10 MB at most. */
export function log4jConfig(logFile: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders>
    <RollingFile name="file" fileName="${logFile}" filePattern="${logFile}.%i">
      <PatternLayout pattern="%d{ISO8601} %-5p %c{1} %m%n"/>
      <Policies><SizeBasedTriggeringPolicy size="10 MB"/></Policies>
      <DefaultRolloverStrategy max="2"/>
    </RollingFile>
    <Console name="console" target="SYSTEM_ERR"><PatternLayout pattern="%p %c{1} %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="file"/><AppenderRef ref="console" level="FATAL"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
`;
}
