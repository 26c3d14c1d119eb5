/** Set up for property tests: all of a run draw from its seed, and more often where RUNS says so. */
import fc from 'fast-check';
import { freshSeed } from '../seeds.js';

const runs = process.env.FAST_CHECK_RUNS;
fc.configureGlobal({ seed: freshSeed('FAST_CHECK_SEED'), ...(runs ? { numRuns: Number(runs) } : {}) });
