import { defineConfig } from 'vitest/config';

/** The same examples for each change, so that only the change decides. */
process.env.SEED ??= '1';

/**
 * Tests that decide without processes, sockets and TF.js: each is run for hundreds of changes. MUTATION_TESTS names
 * fewer, for an answer in a minute.
 */
export default defineConfig({
  resolve: {
    alias: { 'fast-check': new URL('test/support/setup/few-examples.ts', import.meta.url).pathname },
  },
  test: {
    include: process.env.MUTATION_TESTS?.split(' ') ?? [
      'shared/{numerics,protocol}/*.test.ts',
      'coordinator/{scheduling,trust,step}/**/*.test.ts',
      'shared/numerics/update/optimizers/*.test.ts',
    ],
    setupFiles: 'test/support/setup/fast-check.ts',
    testTimeout: 60_000,
    isolate: false,
  },
});
