import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { fileParallelism: false, globalSetup: ['./src/world.global.ts'], hookTimeout: 300_000 },
});
