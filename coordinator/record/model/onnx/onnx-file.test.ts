/** What ONNX Runtime gives for an exported model is what TF.js gives, for any number of samples. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { probabilitiesOf } from '../../../../shared/models/last-activation.js';
import { loadBlank } from '../../../../shared/models/load.js';
import { setWeight } from '../../../../shared/models/write-weights.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { LAYERS, type LayerCase, modelOf } from '../../../../test/support/compiled/layers.js';
import { type Subject, subjectOf } from '../../../../test/support/compiled/subject.js';
import { models, zoo } from '../../../../test/support/compiled/zoo.js';
import { type PortableModel, portableModel } from '../portable-model.js';
import { onnxFile } from './onnx-file.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The model in TF.js, with its weights by name. */
async function inTensorFlow({ topology, weights, values }: PortableModel): Promise<tf.LayersModel> {
  const model = await loadBlank(tf, topology);
  let at = 0;
  for (const { name, shape } of weights) {
    const own = values.slice(at, at + sizeOf(shape));
    at += own.length;
    setWeight(model.weights.find(({ originalName }) => originalName === name)!, tf.tensor(own, [...shape]));
  }
  return model;
}

/** The largest difference between ONNX Runtime and TF.js, for so many samples. */
async function worst(
  { description, data, weights, batch }: Subject,
  samples: readonly number[],
): Promise<number> {
  const model = portableModel(
    description,
    weights.map((weight, i) => weight * 1.25 + 0.01 * Math.sin(i)),
    data,
  );
  const bytes = await onnxFile(tf, { model, records: data, metadata: { name: description.name } });
  const session = await ort.InferenceSession.create(bytes);
  const layers = await inTensorFlow(model);
  const isClass = data.label.kind === 'class';
  let difference = 0;
  for (const count of samples) {
    const shape = [count, ...data.x.shape];
    const x = Float32Array.from(batch(count, 5).x);
    const output = layers.predict(tf.tensor(x, shape)) as tf.Tensor;
    const expected = isClass ? probabilitiesOf(tf, layers, output) : output;
    const [input] = session.inputNames;
    const given =
      data.x.dtype === 'int32' || (data.y.shape.length > 0 && data.x.dtype === 'uint8')
        ? new ort.Tensor('int32', Int32Array.from(x), shape)
        : new ort.Tensor(x, shape);
    const found = (await session.run({ [input!]: given }))[isClass ? 'probabilities' : 'prediction']!;
    expect(found.dims).toEqual(expected.shape);
    const values = expected.dataSync();
    for (const [i, value] of (found.data as Float32Array).entries())
      difference = Math.max(difference, Math.abs(value - values[i]!));
  }
  await session.release();
  return difference;
}

/** The layer in a small model, of a shape that is the same in each run. */
const withLayer = ({ cases }: (typeof LAYERS)[number]): Promise<Subject> => {
  const [layer] = fc.sample(cases, { numRuns: 1, seed: 1 }) as [LayerCase];
  return subjectOf({
    x: { shape: layer.inputShape, dtype: layer.dtype ?? 'float32' },
    label: { kind: 'class', classes: 4 },
    model: () => modelOf(layer),
  });
};

describe('an ONNX file', () => {
  it.each(LAYERS.map((kind) => [kind.name, kind] as const))('holds %s', async (_, kind) => {
    expect(await worst(await withLayer(kind), [1, 3])).toBeLessThan(1e-5);
  });

  it.each(models)('of %s gives what TF.js gives, one sample or many', async (name) => {
    expect(await worst(await zoo(name), [1, 2, 7])).toBeLessThan(1e-5);
  });

  it('of a model with sizes that are the numbers of samples tried first takes any number too', async () => {
    const subject = await subjectOf({ model: 'mlp:131,127', x: { shape: [127], dtype: 'float32' } });
    expect(await worst(subject, [1, 3])).toBeLessThan(1e-5);
  });

  it('of a regression gives numbers in the unit of the target', async () => {
    const subject = await subjectOf({
      model: 'mlp:5',
      x: { shape: [4], dtype: 'float32' },
      label: { kind: 'value', scaling: { mean: 300, std: 20 } },
    });
    expect(await worst(subject, [1, 3])).toBeLessThan(1e-3);
  });
});
