/** What benchmarks are made of. */
export * from './benchmark.ts';
export * from './fleet-inputs.ts';
export { plainInput, simulatorHash, storedInput, type Input, type InputFacts, type Stored } from './input.ts';
export { pythonContender, pythonWith } from './python.ts';
