/** Seeds that have found a fault once: each run plays them again, beside a fresh one. What it found stands beside it. */
export const REGRESSIONS = {
  /** `test/simulation/chaos/chaos.test.ts`. */
  CHAOS_SEED: [] as number[],
  /** `test/simulation/fuzz`. */
  FUZZ_SEED: [] as number[],
  /** `test/simulation/step/byzantine.test.ts`. */
  BYZANTINE_SEED: [] as number[],
  /** `test/learning/layers/layer-properties.test.ts`. */
  PARITY_SEED: [] as number[],
  /** Every property test; a counterexample is better kept as an `examples` entry of its own test. */
  FAST_CHECK_SEED: [] as number[],
};

/** Environment variables that give a seed in place of the one that is drawn. */
export type SeedName = keyof typeof REGRESSIONS;
