/**
 * Models that TensorFlow.js' converter wrote of Keras: the loss of the first step is Keras' own, on the compiled
 * engine, and the weights after it are those of plain TF.js.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';
import { headOf } from '../../../coordinator/prepare/model/topology/reference.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { PORTABLE } from '../../../engine/compiled/lower/target.js';
import { writeWeights } from '../../../shared/models/write-weights.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { compiledEngine } from '../../support/compiled/subject.js';
import { SHARED_DATA } from '../../support/files/shared-data.js';
import { batchOf } from '../../support/models/learning.js';
import { refusalOf } from '../../support/refusal.js';

const MODELS = join(SHARED_DATA, '..', 'cases', 'models');
const absent = !existsSync(MODELS);
if (absent && process.env.CI) throw new Error(`CI must have the converted models ${MODELS}`);
if (absent)
  console.log(`skipped: tests on converted models need them at ${MODELS} (beside SWARMGRAD_TEST_DATA)`);

const [RECORDS, RATE] = [8, 0.5];

it.skipIf(absent)(
  'a converted model whose end fits no loss is refused by that layer, whatever --loss is',
  async () => {
    const folder = join(MODELS, 'bce_tanh');
    const data = await openData(`csv:${folder}/train.csv?label=y&testfile=${folder}/test.csv`);
    for (const loss of [undefined, 'binaryCrossentropy'] as const) {
      const built = buildTopology({ model: join(folder, 'model.json'), data: headOf(data), loss, seed: 1 });
      expect(await refusalOf(built)).toMatch(/last layer "dense_1" \(Dense\) ends in tanh/);
    }
  },
);

describe.skipIf(absent)('a converted model takes the step that Keras takes', () => {
  it.each([
    'lstm',
    'bn_nocenter_noscale',
    'cf_conv',
    'conv1d_causal',
    'conv1d_dil',
    'dwconv_s2',
    'mobilenet_v2_cut',
  ])('%s', async (name) => {
    const folder = join(MODELS, name);
    const data = await openData(`csv:${folder}/train.csv?label=y&testfile=${folder}/test.csv`);
    const { description, weights } = await buildTopology({
      model: join(folder, 'model.json'),
      data: headOf(data),
      loss: 'categoricalCrossentropy',
      seed: 1,
    });
    const layout = layoutOf(description.weights);
    const batch = batchOf(
      data,
      Array.from({ length: RECORDS }, (_, i) => i),
    );
    const subject = { description, layout, weights, data: headOf(data), batch: () => batch };
    const engine = await compiledEngine(subject, PORTABLE);
    const gradient = new Float32Array(layout.total);
    const { loss } = await engine.gradient(batch, 1, gradient);
    engine.dispose();
    const keras = JSON.parse(readFileSync(join(folder, 'info.json'), 'utf8')) as { loss: number };
    expect(Math.abs(loss / RECORDS - keras.loss)).toBeLessThan(1e-6 * Math.max(1, keras.loss));

    const model = await tf.models.modelFromJSON(description.topology as never);
    writeWeights(tf, model, description.weights, weights);
    model.compile({ optimizer: tf.train.sgd(RATE), loss: 'categoricalCrossentropy' });
    const { scale, mean, std } = data.normalisation;
    const x = Float32Array.from(
      batch.x,
      (value, i) => (value * scale - mean[i % mean.length]!) / std[i % std.length]!,
    );
    await model.trainOnBatch(
      tf.tensor(x, [RECORDS, ...data.x.shape]),
      tf.oneHot(tf.tensor1d([...batch.y], 'int32'), 3).toFloat(),
    );
    for (const [i, { name: weight, offset, size, trainable }] of layout.slots.entries()) {
      const after = model.weights[i]!.read().dataSync();
      for (let at = 0; at < size; at++) {
        const moved = gradient[offset + at]! / RECORDS;
        const ours = weights[offset + at]! + (trainable ? -RATE * moved : moved);
        expect(Math.abs(ours - after[at]!), weight).toBeLessThan(2e-6 * Math.max(1, Math.abs(ours)));
      }
    }
  });
});
