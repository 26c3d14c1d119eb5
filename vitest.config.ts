import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two busy processes already share the cores of a small machine; more only slow each other down.
    maxWorkers: 2,
    // Tests that use ONNX Runtime directly shall leave no files of its telemetry behind either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
