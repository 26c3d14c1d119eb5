import { defineConfig } from 'vitest/config';

const IN_CONTAINERS = 'test/containers/**/*.test.ts';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two busy processes already share the cores of a small machine; more only slow each other down.
    maxWorkers: 2,
    // Tests that use ONNX Runtime directly shall leave no files of its telemetry behind either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [
      {
        extends: true,
        test: { name: 'processes', include: ['test/**/*.test.ts'], exclude: [IN_CONTAINERS] },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: [IN_CONTAINERS],
          globalSetup: 'test/containers/setup.ts',
          testTimeout: 480_000,
          // Their load is in the containers: file after file, when all else is done.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
