import { defineConfig } from 'vitest/config';
// Each asks a real ClickHouse, beside whatever else the machine has to do.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 120_000 } });
