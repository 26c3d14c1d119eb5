/** Workers in containers of their own, and what befalls containers. */
import { describe, expect, it } from 'vitest';
import { cluster, endsAsUndisturbed, names, withoutEngine } from './cluster.js';
import { STEPS } from './run.js';

describe.skipIf(withoutEngine)('a run in containers has the bits of a calm run outside of any', () => {
  it('when it is trained to the end, and everyone exits with 0', async () => {
    const { coordinator, worker } = await cluster();
    const led = await coordinator('--min-workers', '2');
    const workers = await Promise.all(['anna', 'ben'].map((name) => worker(name)));
    const summary = await endsAsUndisturbed(led, ...workers);
    expect(summary.shards).toMatchObject({ rejected: 0 });
  });

  it('when a worker is killed, and another takes its place', async () => {
    const { coordinator, worker } = await cluster();
    const led = await coordinator('--min-workers', '2');
    const [anna, ben] = await Promise.all([worker('anna'), worker('ben')]);
    await led.until(({ step }) => step >= 20);
    await anna.kill();
    const { step } = await led.until((status) => !names(status).includes('anna'));
    expect(step).toBeLessThan(STEPS);
    const carla = await worker('carla');
    await endsAsUndisturbed(led, ben, carla);
  });

  it('when a worker is frozen until it counts as dead, and comes back', async () => {
    const { coordinator, worker } = await cluster();
    const led = await coordinator('--dead-after', '1');
    const anna = await worker('anna');
    await led.until(({ step }) => step >= 20);
    await anna.pause();
    const { step } = await led.until((status) => names(status).length === 0);
    expect(step).toBeLessThan(STEPS);
    await anna.unpause();
    await endsAsUndisturbed(led, anna);
    expect(await anna.logs()).toMatch(/connection to .* lost/);
  });

  it('when a worker is cut off from the network until it counts as dead, and connected again', async () => {
    const { coordinator, worker, networkId } = await cluster();
    const led = await coordinator('--dead-after', '1');
    const anna = await worker('anna');
    await led.until(({ step }) => step >= 20);
    await anna.disconnect(networkId);
    const { step } = await led.until((status) => names(status).length === 0);
    expect(step).toBeLessThan(STEPS);
    await anna.reconnect(networkId);
    await endsAsUndisturbed(led, anna);
    expect(await anna.logs()).toMatch(/connection to .* lost/);
  });
});
