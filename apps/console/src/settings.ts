/** What can be set about the console: `REEL_` and the name, or a flag. */
import { kinds, secret, setting, sharedSettings, type SettingValues } from '@sessionreel/ops';

export const consoleSettings = {
  clickhouseUrl: sharedSettings.clickhouseUrl,
  clickhouseDatabase: sharedSettings.clickhouseDatabase,
  clickhouseUser: sharedSettings.clickhouseUser,
  clickhousePassword: sharedSettings.clickhousePassword,
  logFormat: sharedSettings.logFormat,
  logLevel: sharedSettings.logLevel,
  healthHost: sharedSettings.healthHost,
  healthPort: sharedSettings.healthPort,
  shutdownLimit: sharedSettings.shutdownLimit,
  kafkaBrokers: sharedSettings.kafkaBrokers,
  kafkaSsl: sharedSettings.kafkaSsl,
  kafkaSaslMechanism: sharedSettings.kafkaSaslMechanism,
  kafkaSaslUsername: sharedSettings.kafkaSaslUsername,
  kafkaSaslPassword: sharedSettings.kafkaSaslPassword,
  snapshotsTopic: sharedSettings.snapshotsTopic,
  eventsTopic: sharedSettings.eventsTopic,
  deadLettersTopic: sharedSettings.deadLettersTopic,
  processorGroup: setting(kinds.text(), 'processor', 'consumer group of the processor, whose lag is shown'),
  loaderGroup: setting(
    kinds.text(),
    'sessionreel-loader',
    'consumer group of the loader, whose lag is shown',
  ),
  consoleHost: setting(
    kinds.text(),
    '127.0.0.1',
    'address that the console listens on; others than loopback want access control',
  ),
  consolePort: setting(kinds.port(), 8080, 'port of the console; 0 picks a free one'),
  consoleData: sharedSettings.consoleData,
  consoleAccess: setting(
    kinds.choice(['auto', 'on', 'off']),
    'auto',
    'access control; auto: off on loopback, on elsewhere. Off is refused elsewhere',
  ),
  maskRoles: sharedSettings.maskRoles,
  maskKey: sharedSettings.maskKey,
  consoleOidcIssuer: setting(kinds.text(), '', 'OpenID Connect issuer that people log in at'),
  consoleOidcClientId: setting(kinds.text(), '', 'client id at the issuer'),
  consoleOidcClientSecret: secret('client secret at the issuer'),
  consoleOidcRoleClaim: setting(
    kinds.text(),
    'sessionreel_role',
    'claim of the ID token that holds view, operator or admin',
  ),
  consolePublicUrl: setting(
    kinds.text(),
    '',
    'address that people reach the console at, such as https://reel.example.net',
  ),
  consoleQuerySeconds: setting(kinds.integer(1, 3_600), 20, 'most seconds that one question may take'),
  consoleQueryRows: setting(kinds.integer(1), 2_000_000, 'most rows that one question may bring'),
  consoleQueryBytes: setting(kinds.bytes(), 4 * 2 ** 30, 'most memory of ClickHouse for one question'),
  consoleQueriesPerPerson: setting(kinds.integer(1, 1_000), 64, 'requests of one person that run at once'),
  fleetFile: setting(kinds.text(), '', 'fleet.yaml: what no output prints of a router'),
} as const;

export type ConsoleSettings = SettingValues<typeof consoleSettings>;
