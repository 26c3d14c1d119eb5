/** `swarmgrad start`, `evaluate`, `export` and `status`, as a user calls them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { openData } from '../../coordinator/data/sources.js';
import { reached, summaryOf, swarmgrad, temporaryFolder } from '../support/cluster.js';
import { sharedData } from '../support/shared-data.js';

const SMALL = [
  ...[
    '--data',
    'digits?train=2000&test=500',
    '--model',
    'mlp:48',
    '--epochs',
    '3',
    '--batch-size',
    '64',
    '--lr',
    '0.005',
  ],
  ...['--port', '0', '--local-engine', 'eager/cpu'],
];

/** The accuracy of an exported model on a test set, by plain TF.js. */
async function plainAccuracy(folder: string, spec: string): Promise<number> {
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const parts = await Promise.all(
    weightsManifest[0].paths.map((path: string) => readFile(join(folder, path))),
  );
  const all = Buffer.concat(parts);
  const weightData = all.buffer.slice(all.byteOffset, all.byteOffset + all.length) as ArrayBuffer;
  await tf.setBackend('cpu');
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }),
  );
  const { test, x, normalisation } = await openData(spec);
  const { scale, mean, std } = normalisation;
  const values = Float32Array.from(test.x, (value) => (value * scale - mean[0]!) / std[0]!);
  const predicted = tf.tidy(() => {
    const output = model.predict(tf.tensor(values, [test.count, ...x.shape]), {
      batchSize: 1000,
    }) as tf.Tensor;
    return output.argMax(-1).dataSync();
  });
  return (
    Array.from(test.y).reduce((right, label, i) => right + Number(predicted[i] === label), 0) / test.count
  );
}

describe('a cluster in one command', () => {
  it('trains, tells the result and where it lies, and leaves all files', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const program = swarmgrad('start', ...SMALL, '--run-dir', runDir);
    await program.line(/^swarmgrad coordinator listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(await program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    expect(summary.status).toBe('finished');
    expect(summary.test!.accuracy).toBeGreaterThan(0.9);
    expect(summary.workers.map(({ name }) => name).sort()).toEqual(['local-1', 'local-2']);
    for (const text of [/^test set: accuracy \d+\.\d\d %/m, /^model: .*model$/m, /^run: /m, /^join from/m]) {
      expect(program.stderr).toMatch(text);
    }
    for (const file of ['config.json', 'metrics.jsonl', 'checkpoints', 'model/model.json', 'summary.json']) {
      expect(existsSync(join(runDir, file))).toBe(true);
    }

    const evaluated = swarmgrad('evaluate', runDir, '--json');
    expect(await evaluated.ended).toBe(0);
    const { accuracy, loss, samples, confusion } = JSON.parse(evaluated.stdout);
    expect({ accuracy, loss, samples }).toEqual(summary.test);
    expect(confusion.flat().reduce((sum: number, count: number) => sum + count, 0)).toBe(500);

    const target = join(await temporaryFolder(), 'exported');
    expect(await swarmgrad('export', runDir, '--to', target).ended).toBe(0);
    expect(await plainAccuracy(target, SMALL[1]!)).toBe(summary.test!.accuracy);
  });

  it('stops at Ctrl-C with a checkpoint, and says how it goes on', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const program = swarmgrad('start', ...SMALL, '--epochs', '500', '--run-dir', runDir);
    const [url] = /http:\S+/.exec(await program.line(/listening/))!;
    await reached({ program, url, runDir }, 5);
    const status = swarmgrad('status', url);
    await status.ended;
    expect(status.stdout).toMatch(/step {5}\d+/);
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(130);
    expect(program.stderr).toMatch(/go on: {4}npx swarmgrad coordinator --run-dir .* --resume/);
    expect((await summaryOf(runDir)).status).toBe('stopped');
  });

  it('starts, goes on and ends by one and the same command with --start-or-resume', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const plan = ['--data', 'digits?train=200&test=40', '--model', 'linear', '--batch-size', '32'];
    const place = ['--port', '0', '--run-dir', runDir, '--start-or-resume'];
    const own = ['--local-workers', '1', '--local-engine', 'eager/cpu'];
    const again = () => swarmgrad('coordinator', ...plan, '--epochs', '60', ...place, ...own);
    const first = again();
    const [url] = /http:\S+/.exec(await first.line(/listening/))!;
    await reached({ program: first, url, runDir }, 5);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(143);
    const second = again();
    expect(await second.ended).toBe(0);
    expect(second.stderr).toMatch(/resumed at step \d+/);
    const { status, weightsSha256 } = await summaryOf(runDir);
    expect(status).toBe('finished');
    // A run that is over has nothing left to do.
    expect(await again().ended).toBe(0);
    expect((await summaryOf(runDir)).weightsSha256).toBe(weightsSha256);
  });

  it('keeps serving after the run with --linger, all files written', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const program = swarmgrad('start', ...SMALL, '--epochs', '1', '--run-dir', runDir, '--linger');
    await program.line(/still serving on/);
    expect((await summaryOf(runDir)).status).toBe('finished');
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(0);
  });
});

const mnist = sharedData('mnist');
describe.skipIf(mnist.absent)('MNIST', { timeout: 300_000 }, () => {
  it('is learnt by the mlp to 97.5 % in three epochs, and everyone agrees on the figure', async () => {
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
