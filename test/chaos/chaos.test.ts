/**
 * The promise under fire: thousands of steps, over a thousand deaths, and the bits of an undisturbed run.
 * A failure prints the seed; `CHAOS_SEED=N npx vitest run test/chaos` plays it again.
 */
import { describe, expect, it, vi } from 'vitest';
import { withoutTimers } from '../support/without-timers.js';
import { BATCH, type CampaignOptions, campaign, RECORDS } from './campaign.js';

// Chunks of 16 elements in place of 131,072: gradients of many chunks, more than the window, stay small.
vi.mock('../../shared/chunk-size.js', () => ({ CHUNK_ELEMENTS: 16 }));

const FIRST_SEED = Number(process.env.CHAOS_SEED ?? 1);

/** Campaigns that are played, one seed each. */
const SEEDS = 5;

const undisturbed = (options: Omit<CampaignOptions, 'seed'>) =>
  campaign({ ...options, seed: 0, machines: 1, stepsBetweenKills: 0 });

/** Plays a campaign and compares all of it with the undisturbed run. */
async function compare(options: CampaignOptions, calm: Awaited<ReturnType<typeof undisturbed>>) {
  const seed = `CHAOS_SEED=${options.seed}`;
  const wild = await campaign(options).catch((error) => {
    throw new Error(`${seed}: ${error.message}`, { cause: error });
  });
  for (const [name, values] of calm.sections) {
    expect(wild.sections.get(name), `${seed}: ${name}`).toEqual(values);
  }
  expect(wild.losses, seed).toEqual(calm.losses);
  expect(wild.evaluations, seed).toEqual(calm.evaluations);
  expect(wild.counters.counted, seed).toBe(options.steps * options.shards);
  // Each sample, once an epoch: the mean over the batch has a power of two below it, so sums are exact.
  const counts = wild.sections.get('gradients')!.subarray(0, RECORDS);
  const epochs = (options.steps * BATCH) / RECORDS;
  expect(new Set(counts), seed).toEqual(new Set([epochs / BATCH]));
  const credited = wild.totals.reduce((sum, { samples }) => sum + samples, 0);
  expect(credited, seed).toBe(options.steps * BATCH);
  return wild;
}

describe('a run under chaos', { timeout: 240_000 }, () => {
  it('loses no sample, counts none twice, and ends with the bits of an undisturbed run, over 1,000 deaths', () =>
    withoutTimers(async () => {
      const shape = {
        steps: 900,
        machines: 8,
        weights: 32,
        shards: 8,
        stepsBetweenKills: 3,
        killsBetweenRestarts: 6,
      };
      const calm = await undisturbed(shape);
      let [kills, restarts, speculated] = [0, 0, 0];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
        const wild = await compare({ ...shape, seed }, calm);
        kills += wild.kills;
        restarts += wild.restarts;
        speculated += wild.events.filter(({ type }) => type === 'speculated').length;
      }
      console.log(
        `${kills} workers and ${restarts} coordinators killed in ${SEEDS * shape.steps} steps, ${speculated} speculations`,
      );
      expect(kills).toBeGreaterThan(1000);
      expect(restarts).toBeGreaterThan(50);
      expect(speculated).toBeGreaterThan(100);
    }));

  it('is the same again for the same seed', () =>
    withoutTimers(async () => {
      const shape = {
        steps: 60,
        machines: 6,
        weights: 8,
        shards: 4,
        stepsBetweenKills: 2,
        killsBetweenRestarts: 4,
      };
      const [once, again] = [await campaign({ ...shape, seed: 5 }), await campaign({ ...shape, seed: 5 })];
      expect(again.events).toEqual(once.events);
      expect(again.totals).toEqual(once.totals);
    }));
});
