/** What can be set about `reel up`. */
import { kinds, setting, sharedSettings } from '@sessionreel/ops';

export const upSettings = {
  data: setting(kinds.text(), '.sessionreel', 'folder that keeps everything between runs'),
  kafkaPort: setting(kinds.port(), 9092, 'port of the Kafka that is started here; 0 picks a free one'),
  clickhousePort: setting(
    kinds.port(),
    8123,
    'port of the ClickHouse that is started here; 0 picks a free one',
  ),
  consolePort: setting(kinds.port(), 8080, 'port of the console; 0 picks a free one'),
  partitions: setting(kinds.integer(1, 1_024), 4, 'partitions of each topic, when it is made'),
  kafkaBrokers: setting(
    kinds.list(),
    [],
    'a Kafka that runs elsewhere, host:port,…; then none is started here',
  ),
  clickhouseUrl: setting(kinds.text(), '', 'a ClickHouse that runs elsewhere; then none is started here'),
  clickhouseDatabase: sharedSettings.clickhouseDatabase,
  clickhouseUser: sharedSettings.clickhouseUser,
  clickhousePassword: sharedSettings.clickhousePassword,
  fleetFile: setting(
    kinds.text(),
    '',
    "fleet.yaml: what no output prints of a router; the demo's own with --demo",
  ),
  logFormat: sharedSettings.logFormat,
  logLevel: sharedSettings.logLevel,
  startLimit: setting(kinds.duration(), 300_000, 'how long a part may take to be ready, ms'),
} as const;
