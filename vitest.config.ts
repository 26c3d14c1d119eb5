import { randomInt } from 'node:crypto';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import MixedOrder from './test/support/setup/mixed-order.js';

/** All that tests of one run draw at random follows from it: fresh in each run, told at its start. */
process.env.SEED ??= String(randomInt(2 ** 31));

const NIGHTLY = '**/*.nightly.test.ts';
/** Files with tensors that leave of TF.js nothing changed but its backend, by what they stand beside. */
const WITH_TENSORS = [
  'engine/{compiled,eager}/**/*.test.ts',
  'engine/node/start-lanes.test.ts',
  'engine/lanes/tokens/**/*.test.ts',
  'shared/models/**/*.test.ts',
  'coordinator/{prepare,record}/model/**/*.test.ts',
  'coordinator/prepare/zoo/**/*.test.ts',
  'test/learning/**/*.test.ts',
];
/** Files that replace kernels or modules, count memory or start processes. */
const BY_THEMSELVES = [
  'engine/compiled/engine.{memory,webgpu}.test.ts',
  'engine/eager/{engine.test,kernels/**/*.test}.ts',
  'engine/node/{built-program,native-tensorflow}.test.ts',
  'engine/node/{gpu,module}/**/*.test.ts',
  'coordinator/record/folder/built-file.test.ts',
];
/** Coordinators in the test's process, of which a module is another than the product's. */
const WITH_REPLACED_MODULES = ['test/server/http/raw-http.test.ts', 'test/lifecycle/every-fault.test.ts'];
const IN_A_BROWSER = [
  'test/browser/**/*.test.ts',
  'test/browser-worker/**/*.test.ts',
  'test/contract/browser.test.ts',
  'test/library/examples.test.ts',
];

const FAST_CHECK = 'test/support/setup/fast-check.ts';
const FRESH_BACKEND = 'test/support/setup/fresh-backend.ts';
const BUILD_ONCE = 'test/support/setup/build-once.ts';
const LATE_WASM_TIERS = 'test/support/setup/late-wasm-tiers.ts';
const UP_TO_DATE = 'test/support/setup/up-to-date.mjs';

/** Projects that are left out: several `--project=!NAME` would leave out none, since each asks for all others. */
const WITHOUT = new Set(process.env.TEST_WITHOUT?.split(','));
const inNeed = (projects: TestProjectInlineConfiguration[]) =>
  projects.filter(({ test }) => !WITHOUT.has(String(test?.name)));

type Test = NonNullable<TestProjectInlineConfiguration['test']>;
const project = (name: string, test: Test): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, ...test, exclude: ['**/node_modules/**', NIGHTLY, ...(test.exclude ?? [])] },
});

export default defineConfig({
  test: {
    // What hangs; a machine with ten times the load only takes its time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // On two processors: files that wait, for pages and processes, leave a third of them idle.
    maxWorkers: 3,
    sequence: { sequencer: MixedOrder },
    // Tests that use ONNX Runtime directly shall leave no files of its telemetry behind either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    globalSetup: 'test/support/setup/tell-seed.ts',
    projects: inNeed([
      // Unit tests beside what they test: no tensors, no processes, modules loaded once for all of them.
      project('pure', {
        include: ['{shared,websocket,engine,coordinator,worker,cli,browser-worker,bench}/**/*.test.ts'],
        exclude: [...WITH_TENSORS, ...BY_THEMSELVES],
        setupFiles: FAST_CHECK,
        pool: 'threads',
        isolate: false,
      }),
      // Whole runs on simulated time; files differ in the size of a chunk, so that each loads modules of its own.
      project('simulation', { include: ['test/simulation/**/*.test.ts'], setupFiles: FAST_CHECK }),
      // TF.js takes longer to load than most of these files take to run: it is loaded once for all of them.
      project('tensors', {
        include: WITH_TENSORS,
        exclude: BY_THEMSELVES,
        setupFiles: [FAST_CHECK, FRESH_BACKEND, LATE_WASM_TIERS],
        globalSetup: UP_TO_DATE,
        isolate: false,
      }),
      project('tfjs', {
        include: BY_THEMSELVES,
        setupFiles: [FAST_CHECK, LATE_WASM_TIERS],
        globalSetup: UP_TO_DATE,
      }),
      // Coordinators in the test's process, and programs of the command line: the product is loaded once for all.
      project('system', {
        include: ['test/{cluster,contract,library,lifecycle,server}/**/*.test.ts'],
        exclude: [...IN_A_BROWSER, ...WITH_REPLACED_MODULES],
        setupFiles: [BUILD_ONCE, LATE_WASM_TIERS],
        globalSetup: UP_TO_DATE,
        isolate: false,
      }),
      project('replaced', {
        include: WITH_REPLACED_MODULES,
        setupFiles: [BUILD_ONCE, LATE_WASM_TIERS],
        globalSetup: UP_TO_DATE,
      }),
      project('browser', {
        include: IN_A_BROWSER,
        setupFiles: [BUILD_ONCE, LATE_WASM_TIERS],
        globalSetup: UP_TO_DATE,
        isolate: false,
      }),
      project('containers', {
        include: ['test/containers/**/*.test.ts'],
        globalSetup: [UP_TO_DATE, 'test/containers/setup.ts'],
        testTimeout: 480_000,
        // Their load is in the containers: file after file, when all else is done.
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
      // What `npm test` leaves out: CONTRIBUTING.md says what guards the same in every change.
      {
        extends: true,
        test: {
          name: 'nightly',
          include: [NIGHTLY],
          exclude: ['**/node_modules/**'],
          setupFiles: [FAST_CHECK, BUILD_ONCE],
          globalSetup: UP_TO_DATE,
        },
      },
    ]),
  },
});
