/** What benchmarks are made of. */
export * from './benchmark.ts';
export * from './fleet-inputs.ts';
export * from './input.ts';
export { pythonContender, pythonWith } from './python.ts';
