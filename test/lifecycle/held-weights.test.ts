/** Weights that a worker holds already are not sent to it again, by real sockets: counted in bytes. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../../shared/status/events.js';
import { reached, statusOf } from '../support/cluster/cluster.js';
import {
  WEIGHTS_BYTES as KILLED_WEIGHTS_BYTES,
  killedAtCheckpoint,
} from '../support/cluster/killed-at-checkpoint.js';
import { proxyTo } from '../support/cluster/proxy.js';
import { happened, next, type SmallRun, smallRun } from '../support/cluster/small-run.js';
import { workHere } from '../support/cluster/worker-here.js';

/** Of `linear` on 28 x 28 pixels and ten classes. */
const WEIGHTS_BYTES = 4 * (28 * 28 + 1) * 10;
/** A second worker is waited for: so the version stays. */
const WAITING = { minWorkers: 2 };

const isReady = ({ type }: RunEvent) => type === 'worker-joined';
const sent = (run: SmallRun) => run.status().bytes.down;
/** Resolves once its only worker has all of the weights. */
async function synced(run: SmallRun): Promise<void> {
  await expect
    .poll(() => run.status().workers.map(({ state }) => state), { timeout: 60_000 })
    .toEqual(['idle']);
}

describe('weights that a worker holds', () => {
  it('are not sent again after its connection was cut', async () => {
    const run = await smallRun(WAITING);
    const proxy = await proxyTo(run.url);
    const worker = workHere(proxy.url);
    await happened(run, isReady);
    await synced(run);
    const first = sent(run);
    expect(first).toBeGreaterThan(WEIGHTS_BYTES);
    const again = next(run, isReady);
    proxy.cut();
    await again;
    await synced(run);
    expect(sent(run) - first).toBeLessThan(WEIGHTS_BYTES / 10);
    // They are right: the run goes on with them.
    run.work('second');
    expect((await run.finished).status).toBe('finished');
    await worker.finished;
  });

  it('are not sent by a coordinator that goes on at the same version', async () => {
    const before = await smallRun(WAITING);
    const { port } = new URL(before.url);
    const worker = workHere(before.url);
    await happened(before, isReady);
    await synced(before);
    await before.close();
    // Those of a run are counted over all of its starts.
    const first = sent(before);
    expect(first).toBeGreaterThan(WEIGHTS_BYTES);
    const after = await smallRun({ resume: true, runDir: before.runDir, port: Number(port) });
    await happened(after, isReady);
    await synced(after);
    expect(sent(after) - first).toBeLessThan(WEIGHTS_BYTES / 10);
    after.work('second');
    expect((await after.finished).status).toBe('finished');
    await worker.finished;
  });

  it('are not sent by a coordinator that was killed and goes on from its checkpoint', async () => {
    const { after, first, again } = await killedAtCheckpoint((url) => {
      const worker = workHere(url);
      onTestFinished(() => worker.stop());
    });
    expect(first).toBeGreaterThan(KILLED_WEIGHTS_BYTES);
    expect(again).toBeLessThan(KILLED_WEIGHTS_BYTES / 10);
    // They are right: the run goes on with them.
    const second = workHere(after.url, { name: 'second' });
    onTestFinished(() => second.stop());
    const { step } = await statusOf(after.url);
    await reached(after, step + 3);
  });
});
