import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const long = process.env['LIFEBOAT_TEST_LONG'] === '1';

export default defineConfig({
  test: {
    include: long ? ['src/**/*.long.test.ts', 'test/**/*.long.test.ts'] : ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: long ? [] : ['**/*.long.test.ts'],
    testTimeout: long ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    // What is waited for comes at once on a quiet machine; a loaded one must only be slower, never red.
    expect: { poll: { timeout: 30_000, interval: 20 } },
    setupFiles: ['src/testing/replay.ts'],
    pool: 'forks',
    // Most tests wait for servers and processes half of the time: on two cores one at a time leaves a core idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
