/**
 * Where tests take their seeds from. A run draws one (`SEED`, in vitest.config.ts) and tells it; all tests of the run
 * draw from that, and what once found a fault is played beside it.
 */
import { REGRESSIONS, type SeedName } from '../regressions.js';

/** The seed of this run, or the one that is given for these tests by name. */
export function freshSeed(name: SeedName): number {
  const given = process.env[name] ?? process.env.SEED;
  if (given === undefined || !/^\d+$/.test(given))
    throw new Error(`${name} must be a whole number, not "${given}"`);
  return Number(given);
}

/** `count` fresh ones in a row, and those of `test/regressions.ts` before them; only the former where a seed is given. */
export function seedsOf(name: SeedName, count = 1): number[] {
  const first = freshSeed(name);
  const fresh = Array.from({ length: count }, (_, at) => first + at);
  return process.env[name] === undefined ? [...REGRESSIONS[name], ...fresh] : fresh;
}
