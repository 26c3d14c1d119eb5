/**
 * Are honest volunteers ever held for liars? Ten mixes of engine classes, each of twenty volunteers that are audited
 * at the default rate over 2,000 steps of a small network. Classes are arithmetics of their own
 * (test/support/byzantine/engine-mixes.ts), in place of engines that no one machine has.
 */
import { honestMix, MIXES } from '../../test/support/byzantine/engine-mixes.js';
import type { Bench, BenchResult } from '../support/question.js';

const WORKERS = 20;
const STEPS = 2000;
const QUICK_STEPS = 100;

export const mixes: Bench = {
  question: 'are honest volunteers of many engine classes ever banned, refused or doubted? (goal: never)',
  async run({ quick, log }) {
    const results: BenchResult[] = [];
    for (const [at, mix] of MIXES.entries()) {
      const steps = quick ? QUICK_STEPS : STEPS;
      const { audits, closed } = await honestMix({ mix, workers: WORKERS, steps, seed: at + 1 });
      const refused = [...closed.values()].filter(Boolean).length;
      const { made, replaced, doubtful, banned } = audits;
      const name = `${mix.classes.join(', ')}, audited by ${mix.own}`;
      const figures = { steps, audits: made, otherBits: replaced, doubtful, banned: banned.length, refused };
      log(`  ${name}: ${JSON.stringify(figures)}`);
      results.push({ name, ...figures });
    }
    return results;
  },
};
