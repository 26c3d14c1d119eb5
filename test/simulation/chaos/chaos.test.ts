/**
 * The promise under fire: thousands of steps, hundreds of deaths, and the bits of an undisturbed run.
 * A failure tells its seed, what happened last, and how to play it again.
 */
import { describe, expect, it } from 'vitest';
import { seedsOf } from '../../support/seeds.js';
import { replay, telling } from '../../support/simulation/last-events.js';
import { withoutTimers } from '../../support/simulation/without-timers.js';
import { type CampaignOptions, campaign } from './campaign.js';
import { BATCH, RECORDS } from './counting-model.js';

/** Campaigns that are played, one seed each. */
const SEEDS = seedsOf('CHAOS_SEED', Number(process.env.CHAOS_CAMPAIGNS ?? 3));

const undisturbed = (options: Omit<CampaignOptions, 'seed'>) =>
  campaign({ ...options, seed: 0, machines: 1, stepsBetweenKills: 0 });

/** Plays a campaign and compares all of it with the undisturbed run. */
const compare = (options: CampaignOptions, calm: Awaited<ReturnType<typeof undisturbed>>) =>
  telling(replay('chaos', options.seed), () => compared(options, calm));

async function compared(options: CampaignOptions, calm: Awaited<ReturnType<typeof undisturbed>>) {
  const seed = `CHAOS_SEED=${options.seed}`;
  const wild = await campaign({ ...options, losses: calm.losses });
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

describe('a run under chaos', () => {
  it('loses no sample, counts none twice, and ends with the bits of an undisturbed run, over 200 deaths a campaign', () =>
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
      for (const seed of SEEDS) {
        const wild = await compare({ ...shape, seed }, calm);
        kills += wild.kills;
        restarts += wild.restarts;
        speculated += wild.events.filter(({ type }) => type === 'speculated').length;
      }
      console.log(
        `${kills} workers and ${restarts} coordinators killed in ${SEEDS.length * shape.steps} steps, ${speculated} speculations`,
      );
      expect(kills).toBeGreaterThan(200 * SEEDS.length);
      expect(restarts).toBeGreaterThan(10 * SEEDS.length);
      expect(speculated).toBeGreaterThan(20 * SEEDS.length);
    }));

  it('ends with the same bits where gradients travel coded, those of small nodes excepted, and weights too', () =>
    withoutTimers(async () => {
      // Of 256 elements and more: they are coded.
      const shape = {
        ...{ steps: 30, machines: 7, weights: 256, shards: 8, stepsBetweenKills: 1, killsBetweenRestarts: 6 },
        chunkElements: 160,
      };
      for (const coding of ['bf16', 'delta4'] as const) {
        const coded = { ...shape, exchange: { code: 'int8', depth: 2 } as const, coding };
        const calm = await undisturbed(coded);
        const wild = await compare({ ...coded, seed: SEEDS[0]! }, calm);
        expect(wild.kills).toBeGreaterThan(20);
        expect(calm.sections.has('held')).toBe(coding === 'delta4');
      }
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
