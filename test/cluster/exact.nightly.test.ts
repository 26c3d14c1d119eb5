/** The promise of `exact.test.ts` for other numbers of workers, and engine by engine. */
import { describe, expect, it } from 'vitest';
import { expectAsOfOne, undisturbed } from './exact-run.js';

describe('the weights after a run', () => {
  it.each([2, 3, 5])('are those of one worker, bit for bit, with %i workers', async (workers) => {
    const { summary, metrics } = await undisturbed(workers);
    await expectAsOfOne({ summary, metrics });
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
  });

  it.each(['eager/cpu', 'compiled/wasm'])(
    'do not depend on the number of workers with engine %s',
    async (engine) => {
      const [one, three] = await Promise.all(
        [1, 3].map((count) => undisturbed(count, '--engine-class', engine)),
      );
      expect(three!.summary.weightsSha256).toBe(one!.summary.weightsSha256);
      expect(three!.summary.reproducible.why).toMatch(engine);
    },
  );
});
