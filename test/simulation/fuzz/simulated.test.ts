/**
 * Hostile input in memory, on a fake clock: the bulk of the messages, and the same again for the same seed. What a real
 * process and real sockets add is in live.test.ts. `npm run fuzz` sends many more; a failure prints its seed.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { seedsOf } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';
import { withoutTimers } from '../../support/simulation/without-timers.js';
import { simulated } from './simulated.js';

const FRAMES = Number(process.env.FUZZ_FRAMES ?? 60_000) * 0.95;
/** What the memory in use may grow by, from the first tenth of the messages to the last. */
const MAX_GROWTH_BYTES = 24 << 20;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

function memoryInUse(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a simulated run under hostile input', { timeout: 300_000 + FRAMES }, () => {
  it.each(seedsOf('FUZZ_SEED'))(
    `survives ${FRAMES} messages, and has the bits of an undisturbed run (FUZZ_SEED=%i)`,
    (drawn) => {
      const play = async () => {
        const seed = `FUZZ_SEED=${drawn}`;
        let before = 0;
        const read = (messages: number) => {
          if (before === 0 && messages >= FRAMES / 10) before = memoryInUse();
        };
        const began = performance.now();
        const wild = await simulated({ seed: drawn, frames: FRAMES, steps: 1e9, read });
        const growth = memoryInUse() - before;
        const seconds = ((performance.now() - began) / 1000).toFixed(0);
        console.log(
          `${seed}: ${wild.delivered} messages over ${wild.connections} connections in ${seconds} s, ${wild.steps} steps beside them; memory in use grew by ${(growth / 2 ** 20).toFixed(1)} MiB; closed for ${wild.closes}`,
        );
        const calm = await simulated({ seed: 0, frames: 0, steps: wild.steps });
        for (const [name, values] of calm.sections)
          expect(wild.sections.get(name), `${seed}: ${name}`).toEqual(values);
        expect(wild.counters.counted, seed).toBe(wild.counters.expected);
        expect(wild.samples, seed).toBe(calm.samples);
        expect(growth, seed).toBeLessThan(MAX_GROWTH_BYTES);
        // Every stage, and what is checked there, was reached, where that many were sent.
        if (FRAMES < 100_000) return;
        const expected = ['malformed', 'unexpected', 'wrongShape', 'unauthorized', 'banned', 'silent'];
        expect([...wild.closes.byName.keys()], seed).toEqual(expect.arrayContaining(expected));
      };
      return withoutTimers(() => telling(replay('fuzz', drawn, 'FUZZ_FRAMES'), play));
    },
  );

  it('survives coded gradients that are none, and has the bits of an undisturbed run', () =>
    withoutTimers(async () => {
      const wild = await simulated({ seed: 3, frames: 1500, steps: 1e9, isCoded: true });
      const calm = await simulated({ seed: 0, frames: 0, steps: wild.steps, isCoded: true });
      for (const [name, values] of calm.sections) expect(wild.sections.get(name), name).toEqual(values);
      expect(wild.counters.counted).toBe(wild.counters.expected);
      expect(wild.samples).toBe(calm.samples);
    }));

  it('is the same again for the same seed', () =>
    withoutTimers(async () => {
      const again = () => simulated({ seed: 7, frames: 3000, steps: 1e9 });
      const [one, two] = [await again(), await again()];
      expect(two.closes.byName).toEqual(one.closes.byName);
      expect([two.steps, two.connections, two.counters]).toEqual([one.steps, one.connections, one.counters]);
    }));
});
