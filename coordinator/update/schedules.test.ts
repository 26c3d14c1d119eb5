import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import fixtures from './fixtures/optimizers.json' with { type: 'json' };
import { createSchedule, SCHEDULES, type ScheduleName } from './schedules.js';

const { rates, ...run } = fixtures.schedules;

const names = fc.constantFrom(...SCHEDULES);
const learningRate = 0.4;

describe('a schedule', () => {
  it.each(Object.entries(rates))("agrees with PyTorch's at every step: %s", (name, expected) => {
    const schedule = createSchedule({ ...run, name: name as ScheduleName, warmupSteps: 0 });
    for (const [step, rate] of expected.entries()) {
      expect(Math.abs(schedule(step) - rate), `step ${step}`).toBeLessThan(1e-9);
    }
  });

  it('has a reference of its own for each name', () => {
    // Evaluations decide over `plateau`: run/watch/plateau.test.ts.
    expect([...Object.keys(rates), 'plateau'].toSorted()).toEqual([...SCHEDULES].toSorted());
  });

  it('rises linearly to the whole rate over the warm-up, and then takes its course on what is left', () => {
    const options = { learningRate, stepsPerEpoch: 10 };
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 200 }),
        (name, warm, rest) => {
          const whole = createSchedule({ ...options, name, warmupSteps: warm, totalSteps: warm + rest });
          const course = createSchedule({ ...options, name, warmupSteps: 0, totalSteps: rest });
          for (let step = 0; step < warm; step++) {
            expect(whole(step)).toBeCloseTo((learningRate * (step + 1)) / warm, 12);
          }
          for (let step = 0; step < rest; step++) expect(whole(warm + step)).toBe(course(step));
        },
      ),
    );
  });

  it('stays above 0 and never exceeds the given rate, however few steps there are', () => {
    const sizes = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(names, sizes, sizes, fc.nat(40), (name, totalSteps, stepsPerEpoch, warmupSteps) => {
        const schedule = createSchedule({ name, learningRate, totalSteps, stepsPerEpoch, warmupSteps });
        for (let step = 0; step < totalSteps; step++) {
          expect(schedule(step)).toBeGreaterThan(0);
          expect(schedule(step)).toBeLessThanOrEqual(learningRate);
        }
      }),
    );
  });
});
