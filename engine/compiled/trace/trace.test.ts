import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { subjectOf } from '../../../test/support/compiled/subject.js';
import { inputsOf } from '../graph/graph.js';
import { loadGraph, storeGraph } from '../graph/graph-json.js';
import { PORTABLE } from '../lower/target.js';
import { lower } from '../lower.js';
import { createTracer } from './trace-source.js';

type Compute = (x: tf.Tensor) => tf.Tensor;

let classes = 0;
const nameOf = (at: number) => `Own${at}`;

// Other files, which share this TF.js, see what it knows.
afterAll(() => {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  for (let at = 0; at < classes; at++) delete classNameMap[nameOf(at)];
});

/** A model with a layer of our own that computes `compute`. */
async function tracerOf(compute: Compute) {
  class Own extends tf.layers.Layer {
    static className = nameOf(classes++);
    override computeOutputShape(shape: tf.Shape) {
      return shape;
    }
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return compute([inputs].flat()[0]!);
    }
  }
  tf.serialization.registerClass(Own);
  const subject = await subjectOf({
    x: { shape: [6], dtype: 'uint8' },
    label: { kind: 'class', classes: 4 },
    model: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.dense({ inputShape: [6], units: 5 }),
          new Own(),
          tf.layers.dense({ units: 4, activation: 'softmax' }),
        ],
      }),
  });
  await tf.setBackend('cpu');
  return createTracer(tf, subject.description, subject.data);
}

const wanted = { kind: 'gradient', samples: 3 } as const;
let calls = 0;

describe('a trace', () => {
  it('reads the records as they are stored', async () => {
    const tracer = await tracerOf((x) => x.tanh());
    const tensors = tf.memory().numTensors;
    const read = tracer.trace(wanted).nodes.flatMap(inputsOf);
    expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
    const named = read.flatMap(({ source, dtype }) =>
      source.kind === 'input' ? [[source.name, dtype]] : [],
    );
    expect(Object.fromEntries(named)).toMatchObject({ x: 'uint8', y: 'uint8', 'weight:0': 'float32' });
  });

  it('survives JSON: the same ONNX model comes of it', async () => {
    const tracer = await tracerOf((x) => tf.dropout(x, 0.3));
    const graph = tracer.trace(wanted);
    const again = loadGraph(JSON.parse(JSON.stringify(storeGraph(graph))));
    expect(lower(again, PORTABLE).bytes).toEqual(lower(graph, PORTABLE).bytes);
  });

  it.each<[string, Compute, RegExp]>([
    ['numbers read while computing', (x) => x.mul(x.dataSync()[0]!), /reads the numbers of a tensor/],
    ['an operation without a row', (x) => tf.atanh(x), /Atanh/],
    ['hidden state', (x) => x.mul(++calls), /something else each time/],
    [
      'unknown randomness',
      (x) => x.mul(tf.tensor1d(Array.from({ length: 5 }, () => Math.random() ** 3))),
      /random numbers/,
    ],
  ])('of %s is refused, and TF.js is left as it was', async (_, compute, reason) => {
    const tracer = await tracerOf(compute);
    const { random } = Math;
    const { assign } = tf.Variable.prototype;
    const tile = tf.getGradient('Tile');
    expect(() => tracer.trace(wanted)).toThrow(reason);
    expect(Math.random).toBe(random);
    expect(tf.Variable.prototype.assign).toBe(assign);
    expect(tf.getGradient('Tile')).toBe(tile);
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.engine().backendNames()).not.toContain('swarmgrad-trace');
  });
});
