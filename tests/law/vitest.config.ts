import { defineConfig } from 'vitest/config';

// Simulations are long on a machine that is busy with others.
export default defineConfig({ test: { testTimeout: 60_000 } });
