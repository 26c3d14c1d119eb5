import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { build } from '../../../test/support/models/building.js';
import { refusalOf } from '../../../test/support/refusal.js';
import { modelDefaults, modelsInstead, ZOO } from './zoo.js';

const parameters = async (...args: Parameters<typeof build>) => {
  const { description, weights } = await build(...args);
  const { trainable, total } = layoutOf(description.weights);
  expect(weights).toHaveLength(total);
  expect(description.layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(total);
  return { trainable, total };
};

describe('the models of the zoo', () => {
  it.each([
    // Dense: inputs x units + units.
    ['linear', [4], 3, 4 * 3 + 3],
    ['linear', [5, 2, 1], 2, 10 * 2 + 2],
    ['mlp', [4], 3, 4 * 256 + 256 + 256 * 128 + 128 + 128 * 3 + 3],
    ['mlp:5', [4], 3, 4 * 5 + 5 + 5 * 3 + 3],
    ['mlp:6,5,7', [2, 2, 1], 2, 4 * 6 + 6 + 6 * 5 + 5 + 5 * 7 + 7 + 7 * 2 + 2],
    // 12x12 -> 10x10 -> 5x5 -> 3x3 -> 1x1, 64 channels.
    ['cnn', [12, 12, 1], 10, 9 * 32 + 32 + 9 * 32 * 64 + 64 + 64 * 128 + 128 + 128 * 10 + 10],
  ])(
    '%s on %j for %i classes has as many parameters as counted by hand',
    async (model, shape, classes, count) => {
      expect(await parameters(model, { shape, classes })).toEqual({ trainable: count, total: count });
    },
  );

  it('resnet has batch norm: two trained and two moving values a channel', async () => {
    const convolutions =
      9 * 3 * 16 + // stem
      2 * (9 * 16 * 16) + // stage 1
      (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32) + // stage 2, with its shortcut
      (9 * 32 * 64 + 9 * 64 * 64 + 32 * 64); // stage 3
    const channels = 16 + 2 * 16 + 3 * 32 + 3 * 64;
    const trainable = convolutions + 2 * channels + 64 * 10 + 10;
    expect(await parameters('resnet', { shape: [8, 8, 3], classes: 10 })).toEqual({
      trainable,
      total: trainable + 2 * channels,
    });
  });

  it('end in what the labels ask for', async () => {
    const end = async (...args: Parameters<typeof build>) => {
      const { description } = await build(...args);
      const model = await tf.models.modelFromJSON(description.topology as never);
      const { activation } = model.layers.at(-1)!.getConfig();
      return [description.loss, description.outputShape, activation];
    };
    expect(await end('mlp:3', { classes: 5 })).toEqual(['categoricalCrossentropy', [5], 'softmax']);
    expect(await end('mlp:3', { classes: 2, loss: 'binaryCrossentropy' })).toEqual([
      'binaryCrossentropy',
      [1],
      'sigmoid',
    ]);
    expect(await end('linear', { classes: 0 })).toEqual(['meanSquaredError', [1], 'linear']);
    expect(await end('linear', { classes: 0, loss: 'huber' })).toEqual(['huber', [1], 'linear']);
  });

  it('have defaults with which a first run learns', () => {
    const names = ZOO.map(({ name }) => name);
    expect(modelsInstead('')).toBe(`give ${names.join(', ')} or a FILE.json`);
    for (const spec of [...names, 'mlp:3,4', 'my.json']) {
      const { learningRate, batchSize, epochs } = modelDefaults(spec);
      expect(learningRate > 0 && batchSize > 0 && epochs > 0).toBe(true);
    }
    expect(modelDefaults('mlp:3,4')).toEqual(modelDefaults('mlp'));
  });
});

describe('initial weights', () => {
  it.each(['linear', 'mlp:4', 'cnn', 'resnet'])('of %s follow from the seed alone', async (model) => {
    const shape = model === 'resnet' ? [8, 8, 1] : [10, 10, 1];
    const first = await build(model, { shape, seed: 5 });
    // What was built in between, and numbers drawn elsewhere, change nothing.
    await build('mlp:7', { shape });
    Math.random();
    const again = await build(model, { shape, seed: 5 });
    expect(Buffer.from(again.weights.buffer).equals(Buffer.from(first.weights.buffer))).toBe(true);
    expect(again.description).toEqual(first.description);
    expect(again.probe).toEqual(first.probe);
    const other = await build(model, { shape, seed: 6 });
    expect(Buffer.from(other.weights.buffer).equals(Buffer.from(first.weights.buffer))).toBe(false);
  });

  it('of two layers of one shape differ', async () => {
    const { description, weights } = await build('mlp:4,4');
    const { slots } = layoutOf(description.weights);
    const kernels = slots.filter(({ name, size }) => name.endsWith('kernel') && size === 16);
    const [one, two] = kernels.map(({ offset, size }) => [...weights.subarray(offset, offset + size)]);
    expect(kernels).toHaveLength(2);
    expect(one).not.toEqual(two);
  });

  it('are those that the topology gives wherever it is built', async () => {
    const { description, weights } = await build('mlp:4');
    const model = await tf.models.modelFromJSON(description.topology as never);
    const built = model.weights.flatMap((weight) => [...weight.read().dataSync()]);
    expect(built).toEqual([...weights]);
  });
});

describe('a model is refused', () => {
  it.each([
    ['cnn', [4], '--model cnn needs images of at least 10x10, the data has shape [4]: use mlp or linear'],
    ['cnn', [9, 28, 1], '--model cnn needs images of at least 10x10, the data has shape [9,28,1]'],
    ['resnet', [28, 28], '--model resnet needs images of at least 8x8, the data has shape [28,28]'],
    [
      'mlp',
      [480, 640, 3],
      '--model mlp would have 236 million numbers in one weight, since a record has the shape [480,640,3]: make the records smaller (of pictures images:DIR?size=64x64)',
    ],
    ['mlp:0', [4], '--model mlp:0: 0 is not a number of units'],
    ['mlp:64,-1', [4], '--model mlp:64,-1: -1 is not a number of units'],
    ['mlp:many', [4], '--model mlp:many: many is not a number of units'],
    ['mlp:8,', [4], '--model mlp:8,:  is not a number of units'],
    ['cnn:3', [28, 28, 1], '--model cnn takes no arguments, not 3'],
    ['transformer', [4], `--model transformer: unknown model; ${modelsInstead('transformer')}`],
  ])('%s on records of shape %j', async (model, shape, expected) => {
    expect(await refusalOf(build(model, { shape }))).toContain(expected);
  });

  it.each([
    ['meanSquaredError', 3, '--loss meanSquaredError does not fit made, whose labels are classes'],
    [
      'categoricalCrossentropy',
      0,
      '--loss categoricalCrossentropy does not fit made, whose labels are numbers',
    ],
    ['binaryCrossentropy', 3, 'the model has 1 outputs, made 3 classes, with --loss binaryCrossentropy'],
  ] as const)('with --loss %s where there are %i classes', async (loss, classes, expected) => {
    expect(await refusalOf(build('linear', { loss, classes }))).toContain(expected);
  });
});
