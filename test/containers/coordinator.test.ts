/** The coordinator's container is replaced in the middle of a run; what lasts is its volume. */
import { describe, expect, it } from 'vitest';
import { cluster, endsAsUndisturbed, summaryOf, withoutEngine } from './cluster.js';
import { BATCH_SIZE, STEPS } from './run.js';

/** Whoever came back only after the end would wait for a next run. */
const FOR_BOTH = ['--min-workers', '2'];

describe.skipIf(withoutEngine)('a new container with the volume of the old one goes on with its run', () => {
  it('after the old one was killed; the workers come back by themselves', async () => {
    const { coordinator, worker } = await cluster();
    const first = await coordinator();
    const workers = await Promise.all(['anna', 'ben'].map((name) => worker(name)));
    const { step } = await first.until((status) => status.step >= 50);
    expect(step).toBeLessThan(STEPS);
    await first.kill();
    expect(await first.ended()).toBe(137);
    await endsAsUndisturbed(await coordinator(...FOR_BOTH), ...workers);
  });

  it('after the old one was stopped, and computes nothing twice', async () => {
    const { coordinator, worker } = await cluster();
    const first = await coordinator('--checkpoint-every', '0');
    const workers = await Promise.all(['anna', 'ben'].map((name) => worker(name)));
    await first.until((status) => status.step >= 50);
    await first.terminate();
    expect(await first.ended()).toBe(143);
    const stopped = await summaryOf(first);
    expect(stopped.status).toBe('stopped');
    expect(stopped.steps).toBeLessThan(STEPS);
    const summary = await endsAsUndisturbed(await coordinator(...FOR_BOTH), ...workers);
    const samples = summary.workers.reduce((sum, worker) => sum + worker.samples, 0);
    expect(samples).toBe(STEPS * BATCH_SIZE);
  });
});
