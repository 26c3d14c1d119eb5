/** The accuracy that is promised of MNIST, by training on all of it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summaryOf, swarmgrad, temporaryFolder } from '../support/cluster/cluster.js';
import { sharedData } from '../support/files/shared-data.js';
import { plainAccuracy } from '../support/models/plain-accuracy.js';

const mnist = sharedData('mnist');
describe.skipIf(mnist.absent)('MNIST', () => {
  it('is learned by the mlp to 97.5 % in three epochs, and everyone agrees on the figure', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const data = `idx:${mnist.path}`;
    const program = swarmgrad(
      ...['coordinator', '--data', data, '--model', 'mlp', '--epochs', '3', '--batch-size', '128'],
      ...['--seed', '1', '--local-workers', '2', '--port', '0', '--run-dir', runDir],
    );
    expect(await program.ended).toBe(0);
    const { test } = await summaryOf(runDir);
    expect(test!.accuracy).toBeGreaterThan(0.975);
    const evaluated = swarmgrad('evaluate', runDir, '--json');
    await evaluated.ended;
    const { accuracy, loss, samples } = JSON.parse(evaluated.stdout);
    expect({ accuracy, loss, samples }).toEqual(test);
    expect(await plainAccuracy(join(runDir, 'model'), data)).toBe(accuracy);
  });
});
