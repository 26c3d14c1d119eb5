/**
 * Parity of every layer with eager TF.js, in random shapes, on each runtime; and the table of it, which is
 * written to docs/engine-coverage.md by `npx vitest run engine/compiled/engine.coverage.test.ts -u`.
 */
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { LAYER_OPTIONS } from '../../coordinator/prepare/model/layers/options.js';
import { LAYERS, type LayerCase, modelOf } from '../../test/support/compiled/layers.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  subjectOf,
  worstDifference,
} from '../../test/support/compiled/subject.js';
import { freshSeed } from '../../test/support/seeds.js';
import { cpuRuntime, wasmRuntime } from '../node/compiled.js';
import { probeBlockSize } from './block-size.js';
import { blockedTarget, PORTABLE, PORTABLE_GPU, type Target } from './lower/target.js';
import type { Runtime } from './runtime.js';

const ALLOWED = 1e-5;
/** Of shapes that nobody has looked at: where terms nearly cancel, roundings weigh more. */
const ALLOWED_ANYWHERE = 1e-4;
/** Fresh shapes of each layer; where there are many, each on every runtime, and more of those that are the same in each run. */
const RUNS = Number(process.env.PARITY_RUNS ?? 1);
const ARE_MANY = RUNS > 1;
const KNOWN_RUNS = ARE_MANY ? 3 : 1;
const OTHER_DATA = 2;
const SEED = freshSeed('PARITY_SEED');
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

async function distances(
  layer: LayerCase,
  count: number,
  on: Provider[],
  dataSeed?: number,
): Promise<number[]> {
  const subject = await subjectOf({
    x: { shape: layer.inputShape, dtype: layer.dtype ?? 'float32' },
    label: { kind: 'class', classes: 4 },
    model: () => modelOf(layer),
  });
  const reference = await eagerEngine(subject);
  const batch = subject.batch(count, dataSeed);
  const expected = await gradientOf(reference, subject, batch);
  const evaluation = await reference.evaluate(batch);
  reference.dispose();
  const found: number[] = [];
  for (const { runtime } of on) {
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

/** The list against which every model is checked. */
function optionsTable(): string[] {
  const list = Object.entries(LAYER_OPTIONS).map(([name, options]) => {
    const rules = Object.entries(options);
    const honored = rules.flatMap(([option, rule]) => (rule === 'honored' ? [`\`${option}\``] : []));
    const only = rules.flatMap(([option, rule]) => {
      if (rule === 'honored') return [];
      const values = rule.only.map((value) => JSON.stringify(value)).join(' or ');
      return [`\`${option}\` ${values || 'null'}`];
    });
    return `| ${name} | ${honored.join(', ')} | ${only.join(', ')} |`;
  });
  return [
    '## What of a layer is honored',
    '',
    'From `coordinator/prepare/model/layers/options.ts`, against which every model is checked before it is built: a layer or an option that is not listed, or another value than the last column allows, is refused by its name. Constraints are applied by the coordinator after each update, regularizers count in every layer, cell and wrapper, and what is frozen freezes all that it holds. A fixed number of samples in `batch_input_shape` is refused.',
    '',
    '| layer | options honored in every engine | options with one meaning |',
    '| --- | --- | --- |',
    ...list,
  ];
}

describe('the compiled engine agrees with eager TF.js', () => {
  for (const { name, tried, cases } of LAYERS) {
    it(`on ${name}`, async () => {
      const agree = (allowed: number, tried: fc.Arbitrary<Provider[]>) =>
        fc.asyncProperty(cases, samples, tried, async (layer, count, on) => {
          const isNear = (distance: number) => distance < allowed;
          let found = await distances(layer, count, on);
          // Where the two largest of a window differ by a rounding, either may be taken: a fault shows on other data too.
          if (!found.every(isNear)) found = await distances(layer, count, on, OTHER_DATA);
          for (const [i, distance] of found.entries()) {
            const what = `${on[i]!.title}, ${count} samples of [${layer.inputShape}]`;
            expect(distance, what).toBeLessThan(allowed);
          }
        });
      const all = fc.constant(providers);
      const some = ARE_MANY ? all : fc.constantFrom(...providers.map((provider) => [provider]));
      await fc.assert(agree(ALLOWED, all), { numRuns: KNOWN_RUNS, seed: 1, endOnFailure: true });
      await fc.assert(agree(ALLOWED_ANYWHERE, some), { numRuns: RUNS, seed: SEED, endOnFailure: true });
      rows.push(`| ${name} | ${providers.map(() => 'yes').join(' | ')} | ${tried ?? ''} |`);
    });
  }

  it('and the table in the docs says so', async ({ skip }) => {
    // Not where only some tests run, or one has failed.
    if (rows.length < LAYERS.length) skip();
    const titles = providers.map(({ title }) => title);
    const table = [
      '# What the compiled engine compiles',
      '',
      `Made by \`engine/compiled/engine.coverage.test.ts\`: each layer in random shapes, strides and paddings, with 1, 3 and 16 samples; gradients of all weights within ${ALLOWED} of eager TF.js (of each weight's largest). What is not here is tried all the same: a model that cannot be compiled runs on an eager engine, and the log names the operation.`,
      '',
      `| layer | ${titles.join(' | ')} | tried |`,
      `| --- | ${titles.map(() => '---').join(' | ')} | --- |`,
      ...rows,
      '',
      ...optionsTable(),
      '',
      'TF.js itself cannot train batch normalization along another axis than the last, or bilinear UpSampling2D of images that are not square.',
      '',
    ];
    await expect(table.join('\n')).toMatchFileSnapshot('../../docs/engine-coverage.md');
  });
});
