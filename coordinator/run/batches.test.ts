/** Which samples and updates each step has: by plain counting through an epoch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOf, isDueAfter, positionsOf, stepsFor, stepsPerEpoch, updatesIn } from './batches.js';

const plans = fc.record({
  records: fc.integer({ min: 1, max: 300 }),
  batchSize: fc.integer({ min: 1, max: 40 }),
  localSteps: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
});

describe('steps of any number of updates', () => {
  it('train each sample of an epoch once, and make an update for each batch of it', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { records, batchSize, localSteps = 1 } = plan;
        const steps = stepsPerEpoch(plan);
        for (const epoch of [0, 3]) {
          let at = 0;
          for (let step = epoch * steps; step < (epoch + 1) * steps; step++) {
            const positions = positionsOf(step, plan);
            expect([positions.epoch, positions.from, epochOf(step, plan)]).toEqual([epoch, at, epoch]);
            const updates = updatesIn(step + 1, plan) - updatesIn(step, plan);
            expect(updates).toBe(Math.ceil((positions.to - at) / batchSize));
            expect(updates).toBeLessThanOrEqual(localSteps);
            at = positions.to;
          }
          expect(at).toBe(records);
        }
      }),
    );
  });

  it('are as few as make so many updates', () => {
    fc.assert(
      fc.property(plans, fc.nat(200), (plan, updates) => {
        const steps = stepsFor(updates, plan);
        expect(updatesIn(steps, plan)).toBeGreaterThanOrEqual(updates);
        if (steps > 0) expect(updatesIn(steps - 1, plan)).toBeLessThan(updates);
      }),
    );
  });

  it('see to what is due every so many updates after the step within which that is', () => {
    const plan = { records: 100, batchSize: 10, localSteps: 4 };
    const due = Array.from({ length: 8 }, (_, step) => isDueAfter(step, 5, plan));
    // After 0, 4, 8, 10, 14, 18, 20 and 24 updates.
    expect(due).toEqual([false, false, true, true, false, true, true, false]);
    const each = Array.from({ length: 7 }, (_, step) =>
      isDueAfter(step, 3, { ...plan, localSteps: undefined }),
    );
    expect(each).toEqual([false, false, false, true, false, false, true]);
  });
});
