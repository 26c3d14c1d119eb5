// `npm run test:nightly [-- --hours H]`: the tests that are too long for each change, the campaigns with many more kills,
// messages and shapes, and then fresh seeds until the hours are over. A seed that finds a fault is told at the end,
// and belongs into test/regressions.ts.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { vitest } from '../test/support/setup/vitest.mjs';

const { values } = parseArgs({ options: { hours: { type: 'string', default: '4' } } });
const hours = Number(values.hours);
if (!(hours >= 0)) {
  console.error(`--hours must be a number of at least 0, not "${values.hours}"`);
  process.exit(2);
}
const until = performance.now() + hours * 3_600_000;

/** Once a night: name, files, environment. */
const CAMPAIGNS = [
  ['what a change leaves out', ['--project=nightly'], {}],
  [
    'kills of real processes',
    ['test/cluster/chaos.test.ts'],
    { CHAOS_WORKER_KILLS: '100', CHAOS_COORDINATOR_KILLS: '25' },
  ],
  ['hostile messages', ['test/simulation/fuzz', 'test/cluster/fuzz.test.ts'], { FUZZ_FRAMES: '10000000' }],
  [
    'layers and engines',
    ['engine/compiled/engine.coverage', 'engine/compiled/engine.webgpu', 'test/learning/layers'],
    { PARITY_RUNS: '50' },
  ],
  ['properties', ['--project=pure'], { FAST_CHECK_RUNS: '2000' }],
];
/** Again and again, each time with other seeds. */
const SEEDED = ['test/simulation/chaos/chaos.test.ts', 'test/simulation/fuzz', 'test/simulation/step'];
const CHAOS_CAMPAIGNS = 20;
/** Of one test: fifty shapes of a layer take minutes. */
const TIMEOUT_MS = 1_800_000;

const failed = [];
let [rounds, seeds] = [0, 0];

function play(name, args, env) {
  const seed = String(randomInt(2 ** 31));
  try {
    vitest([...args, `--testTimeout=${TIMEOUT_MS}`], { SEED: seed, ...env });
  } catch {
    failed.push(
      `${name}: SEED=${seed} ${Object.entries(env)
        .map((pair) => pair.join('='))
        .join(' ')}`,
    );
  }
}

for (const [name, args, env] of CAMPAIGNS) play(name, args, env);
while (performance.now() < until) {
  play('fresh seeds', SEEDED, { CHAOS_CAMPAIGNS: String(CHAOS_CAMPAIGNS) });
  rounds++;
  // The campaigns of kills have one each, all else shares the round's.
  seeds += CHAOS_CAMPAIGNS + 1;
}
console.log(`${rounds} rounds with ${seeds} fresh seeds; ${failed.length} runs of tests failed`);
for (const what of failed) console.log(`  ${what}`);
process.exitCode = failed.length > 0 ? 1 : 0;
