/**
 * `npm run test:mutation`: changes one operator, constant or condition after the other in the rooms that must be right
 * whatever happens, and tells which change no test notices. `-- --mutate FILE` asks it of one file.
 */

export default {
  mutate: [
    'shared/numerics/{tree,permutation,random}.ts',
    'shared/protocol/{frame,codec,msgpack/check-msgpack,validate,messages,fields}.ts',
    'coordinator/scheduling/{leases/ledger,leases/orphans,leases/node-index,planning/planner,speculation/*,deadlines}.ts',
    'coordinator/trust/{compare,reputation,audit-sampling,norm-bound,push-watch,engine-demand}.ts',
    'shared/numerics/codec/weights/change-code.ts',
    'shared/numerics/update/optimizers/*.ts',
    'coordinator/step/**/*.ts',
    '!**/*.test.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A busy machine is no change that waits for ever.
  timeoutMS: 8000,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { reportTests: false, allowEmojis: false },
  jsonReporter: { fileName: 'coverage/mutation.json' },
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['/dist', '/docs', '/runs', '/coverage', '/shared/cases'],
  disableTypeChecks: false,
  allowConsoleColors: false,
};
