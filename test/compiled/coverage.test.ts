/**
 * Parity of every layer with eager TF.js, in random shapes, on each runtime; and the table of it, which is
 * written to docs/engine-coverage.md by `npx vitest run test/compiled/coverage.test.ts -u`.
 */

import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { probeBlockSize } from '../../worker/engine/compiled/block-size.js';
import {
  blockedTarget,
  PORTABLE,
  PORTABLE_GPU,
  type Target,
} from '../../worker/engine/compiled/lower/target.js';
import type { Runtime } from '../../worker/engine/compiled/runtime.js';
import { cpuRuntime, wasmRuntime } from '../../worker/node/compiled.js';
import { LAYERS, type LayerCase, modelOf } from './layers.js';
import { compiledEngine, eagerEngine, gradientOf, subjectOf, worstDifference } from './subject.js';

const ALLOWED = 1e-5;
const RUNS = Number(process.env.PARITY_RUNS ?? 3);
/** Of one image a shard, and of a whole block of them. */
const samples = fc.constantFrom(1, 3, 16);

interface Provider {
  title: string;
  runtime: Runtime;
}

const cpu = await cpuRuntime();
const wasm = await wasmRuntime();
const blockSize = await probeBlockSize({ ort, session: cpu.session });
const on = (title: string, runtime: Runtime, target: Target): Provider => ({
  title,
  runtime: { ...runtime, target },
});
const providers: Provider[] = [
  on('cpu', cpu, PORTABLE),
  // Where the processor has such blocks; else the same as above.
  on('cpu, blocked', cpu, blockSize > 0 ? blockedTarget(blockSize) : PORTABLE),
  on('wasm', wasm, PORTABLE),
  // The operators that graphics processors get, tried on the processor.
  on('gpu operators', cpu, PORTABLE_GPU),
];

async function distances(layer: LayerCase, count: number): Promise<number[]> {
  const subject = await subjectOf({
    x: { shape: layer.inputShape, dtype: layer.dtype ?? 'float32' },
    label: { kind: 'class', classes: 4 },
    model: () => modelOf(layer),
  });
  const reference = await eagerEngine(subject);
  const batch = subject.batch(count);
  const expected = await gradientOf(reference, subject, batch);
  const evaluation = await reference.evaluate(batch);
  reference.dispose();
  const found: number[] = [];
  for (const { runtime } of providers) {
    const engine = await compiledEngine(subject, runtime.target, runtime);
    const actual = await gradientOf(engine, subject, batch);
    const { loss } = await engine.evaluate(batch);
    engine.dispose();
    const inference = Math.abs(loss - evaluation.loss) / Math.max(1, evaluation.loss);
    found.push(Math.max(inference, worstDifference(subject.layout, actual, expected).distance));
  }
  return found;
}

const rows: string[] = [];

describe('the compiled engine agrees with eager TF.js', () => {
  for (const { name, tried, cases } of LAYERS) {
    it(`on ${name}`, async () => {
      const worst = providers.map(() => 0);
      await fc.assert(
        fc.asyncProperty(cases, samples, async (layer, count) => {
          const found = await distances(layer, count);
          for (const [i, distance] of found.entries()) {
            expect(
              distance,
              `${providers[i]!.title}, ${count} samples of [${layer.inputShape}]`,
            ).toBeLessThan(ALLOWED);
            worst[i] = Math.max(worst[i]!, distance);
          }
        }),
        { numRuns: RUNS, seed: 1, endOnFailure: true },
      );
      rows.push(`| ${name} | ${worst.map(() => 'yes').join(' | ')} | ${tried ?? ''} |`);
    });
  }

  it('and the table in the docs says so', async ({ skip }) => {
    // Not where only some tests run, or one has failed.
    if (rows.length < LAYERS.length) skip();
    const titles = providers.map(({ title }) => title);
    const table = [
      '# What the compiled engine compiles',
      '',
      `Made by \`test/compiled/coverage.test.ts\`: each layer in random shapes, strides and paddings, with 1, 3 and 16 samples; gradients of all weights within ${ALLOWED} of eager TF.js (of each weight's largest). What is not here is tried all the same: a model that cannot be compiled runs on an eager engine, and the log names the operation.`,
      '',
      `| layer | ${titles.join(' | ')} | tried |`,
      `| --- | ${titles.map(() => '---').join(' | ')} | --- |`,
      ...rows,
      '',
      'TF.js itself cannot train convolutions with a dilation above 1, causal padding, ThresholdedReLU, batch normalisation along another axis than the last, or bilinear UpSampling2D of images that are not square.',
      '',
    ];
    await expect(table.join('\n')).toMatchFileSnapshot('../../docs/engine-coverage.md');
  });
});
