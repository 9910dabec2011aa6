/** The questions. Each is one function; parameters never become part of a query's text. */
export {
  QuestionError,
  type AskOptions,
  type Limits,
  type QueryClient,
  type QueryOptions,
} from './client.ts';
export {
  outcomesOf,
  spanOf,
  type LedgerSnapshot,
  type SourceOutcome,
  type SourcePosition,
} from './ledger.ts';
export { scopeText } from './scope.ts';
export {
  stateAt,
  type PartFrame,
  type RouterStateAt,
  type StateQuestion,
  type StateSession,
} from './state.ts';
