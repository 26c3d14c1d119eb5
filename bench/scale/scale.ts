/**
 * What do many workers cost the coordinator beside arithmetic? 1,000 and 10,000 members on simulated time; ratios of the
 * two tell whether it grows with the square.
 */
import type { Bench, BenchResult } from '../support/question.js';
import { type ControlWork, controlWork } from './simulated.js';

const FEW = 1000;
const MANY = 10_000;
const STEPS = 20;

export const scale: Bench = {
  question:
    'what do many workers cost the coordinator beside arithmetic? (goals for 10,000: 50 ms a step, 20 us a message, ten times what 1,000 cost)',
  async run({ quick, log }) {
    const steps = quick ? 3 : STEPS;
    // In turns: code that has just been compiled must not be one size's alone.
    await controlWork(FEW, steps);
    const few = await controlWork(FEW, steps);
    const many = await controlWork(MANY, steps);
    for (const { members, stepMs, messageUs } of [few, many])
      log(`  ${members} members: ${stepMs.toFixed(1)} ms a step, ${messageUs.toFixed(1)} us a message`);
    const growth = (of: keyof ControlWork) => many[of] / few[of] / (MANY / FEW);
    return [few, many]
      .map((work): BenchResult => ({ name: `${work.members} simulated members`, ...work }))
      .concat({
        name: 'times what linear growth would be',
        step: growth('stepMs'),
        message: many.messageUs / few.messageUs,
        aLease: (many.stepMs / many.leases) * (few.leases / few.stepMs),
      });
  },
};
