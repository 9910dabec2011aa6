/**
 * The questions. Each is one function; parameters never become part of a query's text, and each answer has a member `coverage`: over
 * which snapshots it was computed, and where data is missing.
 */
export {
  anomalies,
  anomaliesIn,
  audit,
  auditStates,
  billing,
  bothEnds,
  busiestHours,
  busyHours,
  churn,
  concurrency,
  deadLetters,
  diffStates,
  echoTimeouts,
  endsByReason,
  find,
  flapping,
  fleetAt,
  headroom,
  imbalance,
  ledgerEntries,
  leftOut,
  limitUses,
  namedTraffic,
  otherEndOf,
  pipelineAt,
  quietSessions,
  routerHappenings,
  routersAt,
  sessionHappenings,
  sessionsAt,
  sessionTraffic,
  setupFailures,
  silentRouters,
  speedDrops,
  speedPlans,
  topTraffic,
  trafficOverTime,
  tunnelsAt,
  whoHad,
} from './questions.ts';
export type { Covered } from './covered.ts';
export * from './audit.ts';
export {
  QuestionError,
  type AskOptions,
  type Limits,
  type QueryClient,
  type QueryOptions,
} from './client.ts';
export { type DiffQuestion, type SessionDifference, type StateDiff } from './diff.ts';
export {
  history,
  type FieldChange,
  type History,
  type HistoryEvent,
  type HistoryQuestion,
  type IncarnationTraffic,
  type SessionKey,
} from './history.ts';
export {
  outcomesOf,
  spanOf,
  type LedgerSnapshot,
  type SourceOutcome,
  type SourcePosition,
} from './ledger.ts';
export { scopeText } from './scope.ts';
export * from './capacity.ts';
export * from './fleet-diff.ts';
export * from './fleet.ts';
export * from './series.ts';
export * from './what-happened.ts';
export {
  piecesOf,
  stateAt,
  stateColumns,
  type PartFrame,
  type RouterColumnsAt,
  type RouterStateAt,
  type StateFrame,
  type StateSession,
} from './state.ts';
export type { StateQuestion } from './state-question.ts';
export * from './who-had.ts';
export * from './bounds.ts';
export * from './find.ts';
export * from './happenings.ts';
export * from './listing.ts';
export * from './routers.ts';
export * from './both-ends.ts';
export {
  coverageOf,
  knownRouters,
  type Coverage,
  type CoverageQuestion,
  type KnownRouter,
  type RouterCoverage,
} from './coverage.ts';
export * from './churn.ts';
export * from './silence.ts';
export { type SpeedDrop, type SpeedPlan, type SpeedPlans, type SpeedUpdates } from './speeds.ts';
export type { BilledTraffic, Billing } from './billing.ts';
export {
  type EchoTimeouts,
  type NamedTraffic,
  type NamedTrafficAnswer,
  type NamedTrafficQuestion,
  type TrafficName,
} from './named-traffic.ts';
export * from './busy.ts';
export {
  backTest,
  daysUntil,
  fitModel,
  type BackTest,
  type DaysUntil,
  type Model,
  type Predicted,
  type Sample,
} from './forecast.ts';
export * from './growth.ts';
export * from './what-if.ts';
export { type Imbalance, type LimitKind, type LimitUse, type LimitUses } from './limits.ts';
export * from './live.ts';
export * from './rates.ts';
export * from './other-end.ts';
export * from './mask.ts';
export * from './replay-events.ts';
export * from './replay-snapshots.ts';
export * from './replay-steps.ts';
