export * from './capture.ts';
export * from './faults.ts';
export * from './layouts.ts';
export { defaultLife, type Life } from './life.ts';
export type { PollPlan } from './poller.ts';
export { Prng } from './prng.ts';
export * from './simulate.ts';
export * from './spec.ts';
export * from './truth.ts';
