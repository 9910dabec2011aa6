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
export type { Covered } from './ask/covered.ts';
export * from './audit.ts';
export {
  QuestionError,
  type AskOptions,
  type Limits,
  type QueryClient,
  type QueryOptions,
} from './ask/client.ts';
export { type DiffQuestion, type SessionDifference, type StateDiff } from './state/diff.ts';
export {
  history,
  type FieldChange,
  type History,
  type HistoryEvent,
  type HistoryQuestion,
  type IncarnationTraffic,
  type SessionKey,
} from './history/history.ts';
export {
  outcomesOf,
  spanOf,
  type LedgerSnapshot,
  type SourceOutcome,
  type SourcePosition,
} from './state/ledger.ts';
export { scopeText } from './ask/scope.ts';
export * from './capacity/capacity.ts';
export * from './state/fleet-diff.ts';
export { dimensions, type Dimension } from './ask/fleet-state.ts';
export type { TimeRange } from './ask/range.ts';
export * from './fleet/fleet.ts';
export * from './fleet/series.ts';
export * from './outage/what-happened.ts';
export {
  piecesOf,
  stateAt,
  stateColumns,
  type PartFrame,
  type RouterColumnsAt,
  type RouterStateAt,
  type StateFrame,
  type StateSession,
} from './state/state.ts';
export type { StateQuestion } from './state/state-question.ts';
export * from './history/who-had.ts';
export * from './ask/bounds.ts';
export * from './history/find.ts';
export * from './outage/happenings.ts';
export * from './state/listing.ts';
export * from './fleet/routers.ts';
export * from './history/both-ends.ts';
export {
  coverageOf,
  knownRouters,
  type Coverage,
  type CoverageQuestion,
  type KnownRouter,
  type RouterCoverage,
} from './ask/coverage.ts';
export * from './fleet/churn.ts';
export * from './fleet/silence.ts';
export { type SpeedDrop, type SpeedPlan, type SpeedPlans, type SpeedUpdates } from './fleet/speeds.ts';
export type { BilledTraffic, Billing } from './fleet/billing.ts';
export {
  type EchoTimeouts,
  type NamedTraffic,
  type NamedTrafficAnswer,
  type NamedTrafficQuestion,
  type TrafficName,
} from './fleet/named-traffic.ts';
export * from './capacity/busy.ts';
export {
  backTest,
  daysUntil,
  fitModel,
  type BackTest,
  type DaysUntil,
  type Model,
  type Predicted,
  type Sample,
} from './capacity/forecast.ts';
export * from './capacity/growth.ts';
export * from './capacity/what-if.ts';
export { type Imbalance, type LimitKind, type LimitUse, type LimitUses } from './capacity/limits.ts';
export * from './fleet/live.ts';
export * from './fleet/rates.ts';
export * from './history/other-end.ts';
export * from './ask/mask.ts';
export * from './replay/replay-events.ts';
export * from './replay/replay-snapshots.ts';
export * from './replay/replay-steps.ts';
