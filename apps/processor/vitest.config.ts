import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One Kafka for all files; each test has topics of its own.
    globalSetup: ['./fixtures/kafka-for-tests.ts'],
    hookTimeout: 60_000,
  },
});
