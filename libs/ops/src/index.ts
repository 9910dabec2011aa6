/** What every program needs: settings, logs, metrics, health and an orderly stop. */
export {
  ConfigError,
  dumpSettings,
  environmentName,
  flagName,
  kinds,
  loadSettings,
  secret,
  setting,
} from './settings.ts';
export type {
  LoadedSettings,
  Setting,
  SettingDefinitions,
  SettingOrigin,
  SettingValues,
} from './settings.ts';
export { configure, sharedSettings } from './program.ts';
export { createLogger, useColour } from './logs.ts';
export type { LogFormat, LogOptions, Logger } from './logs.ts';
export { Metrics } from './metrics.ts';
export type { Counter, Gauge, Histogram } from './metrics.ts';
export { startHealth } from './health.ts';
export type { HealthOptions, HealthServer } from './health.ts';
export { Shutdown, whenParentEnds } from './shutdown.ts';
export type { ShutdownOptions } from './shutdown.ts';
export { NotYet, WaitTimeout, pause, sleepUntil, waitFor } from './wait.ts';
export type { WaitOptions } from './wait.ts';
export { lockFolder } from './lock.ts';
export type { Lock } from './lock.ts';
export { fleetRouter, parseFleet, readFleet, unknownRouter } from './fleet.ts';
export type { Fleet, FleetRouter } from './fleet.ts';
export { mayAs, roles } from './roles.ts';
export type { Role } from './roles.ts';
export { maskFor, unmasked } from './mask.ts';
export type { Mask, MaskSettings } from './mask.ts';
export { TokenStore } from './tokens.ts';
export type { NewToken, TokenFacts } from './tokens.ts';
