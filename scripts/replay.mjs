// `npm run replay -- CAMPAIGN SEED`: plays again what a failing simulation has told, and tells what happened last.
import { vitest } from '../test/support/setup/vitest.mjs';

/** By name: the variable that takes the seed, and the file. */
const CAMPAIGNS = {
  chaos: ['CHAOS_SEED', 'simulation/chaos/chaos.test.ts'],
  fuzz: ['FUZZ_SEED', 'simulation/fuzz/simulated.test.ts'],
  model: ['FUZZ_SEED', 'simulation/fuzz/model.test.ts'],
  byzantine: ['BYZANTINE_SEED', 'simulation/step/byzantine.test.ts'],
  peers: ['FAST_CHECK_SEED', 'simulation/step/model.test.ts'],
  audits: ['FAST_CHECK_SEED', 'simulation/trust/audits.test.ts'],
};

const [name, seed] = process.argv.slice(2);
const campaign = CAMPAIGNS[name];
if (!campaign || !/^\d+$/.test(seed ?? '')) {
  console.error(
    `npm run replay -- CAMPAIGN SEED, where CAMPAIGN is one of ${Object.keys(CAMPAIGNS).join(', ')}`,
  );
  process.exit(2);
}
const [variable, file] = campaign;
try {
  vitest([file], { CHAOS_CAMPAIGNS: '1', [variable]: seed });
} catch {
  // What failed is on the terminal.
  process.exitCode = 1;
}
