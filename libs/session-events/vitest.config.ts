import { defineConfig } from 'vitest/config';

// Property tests and the first start of another implementation are slow on a machine that is busy with others.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
