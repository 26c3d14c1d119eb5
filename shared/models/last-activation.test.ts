/** The range of a model's last layer is held against the loss. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { ModelFunction } from '../../coordinator/prepare/model/topology/request.js';
import { PORTABLE } from '../../engine/compiled/lower/target.js';
import { compiledEngine, eagerEngine, gradientOf, subjectOf } from '../../test/support/compiled/subject.js';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { build } from '../../test/support/models/building.js';
import { refusalOf } from '../../test/support/refusal.js';
import type { LossName } from '../numerics/losses.js';
import { lastActivation, probabilitiesOf } from './last-activation.js';

const L = tf.layers;
const dense = (units: number, activation: string) =>
  L.dense({ units, activation: activation as 'linear', inputShape: [4] });
const ending = (...layers: tf.layers.Layer[]) => tf.sequential({ layers });

const bothWays = (activation: string, mergeMode: 'sum' | 'concat') =>
  ending(
    L.reshape({ targetShape: [4, 1], inputShape: [4] }),
    L.bidirectional({
      layer: L.simpleRNN({ units: 1, activation: activation as 'linear' }) as tf.RNN,
      mergeMode,
    }),
  );

describe('the last activation of a model', () => {
  it.each<[string, string, () => tf.LayersModel]>([
    ['of its last layer', 'tanh', () => ending(dense(3, 'tanh'))],
    ['of a layer of its own', 'relu', () => ending(dense(3, 'linear'), L.reLU())],
    [
      'seen through a reshape',
      'sigmoid',
      () => ending(dense(4, 'sigmoid'), L.reshape({ targetShape: [2, 2] })),
    ],
    [
      'of a model within it',
      'softmax',
      () => ending(L.dense({ units: 4, inputShape: [4] }), ending(dense(3, 'softmax'))),
    ],
    [
      'of what is averaged',
      'softmax',
      () => {
        const input = tf.input({ shape: [4] });
        const sides = [1, 2].map(
          () => L.dense({ units: 3, activation: 'softmax' }).apply(input) as tf.SymbolicTensor,
        );
        return tf.model({ inputs: input, outputs: L.average().apply(sides) as tf.SymbolicTensor });
      },
    ],
    [
      'of a cell',
      'tanh',
      () => ending(L.reshape({ targetShape: [4, 1], inputShape: [4] }), L.lstm({ units: 3 })),
    ],
    [
      'in a wrapper',
      'softmax',
      () =>
        ending(
          L.reshape({ targetShape: [4, 1], inputShape: [4] }),
          L.timeDistributed({ layer: L.dense({ units: 3, activation: 'softmax' }) }),
        ),
    ],
    ['of both directions, added', 'a sum of two sigmoid', () => bothWays('sigmoid', 'sum')],
    ['of both directions, each for itself', 'sigmoid', () => bothWays('sigmoid', 'concat')],
    ['of both directions, normalized by their sum', 'softmax', () => bothWays('softmax', 'sum')],
    ['in front of noise', 'softmax', () => ending(dense(3, 'softmax'), L.dropout({ rate: 0.5 }))],
    [
      'in front of an activation that changes nothing',
      'sigmoid',
      () => ending(dense(3, 'sigmoid'), L.activation({ activation: 'linear' })),
    ],
    ['that is none', 'linear', () => ending(dense(3, 'relu'), L.batchNormalization())],
  ])('is that %s', (_, expected, make) => {
    expect(lastActivation(make())).toBe(expected);
  });
});

describe('a model is refused in words', () => {
  it('where one output that is no probability is to tell two classes apart, also if no loss is named', async () => {
    expect(await refusalOf(() => build(() => ending(dense(1, 'tanh')), { classes: 2 }))).toMatch(
      /ends in tanh, .* no probabilities for --loss binaryCrossentropy: change its activation to sigmoid/,
    );
    expect(await refusalOf(() => build(() => bothWays('sigmoid', 'sum'), { classes: 2 }))).toMatch(
      /\(Bidirectional\) ends in a sum of two sigmoid, .* no probabilities for --loss binaryCrossentropy/,
    );
    for (const last of ['sigmoid', 'linear', 'hardSigmoid'])
      expect((await build(() => ending(dense(1, last)), { classes: 2 })).description.loss).toBe(
        'binaryCrossentropy',
      );
    expect((await build(() => ending(dense(2, 'softmax')), { classes: 2 })).description.loss).toBe(
      'categoricalCrossentropy',
    );
  });

  it('where a softmax shares one probability among classes of which several may be there', async () => {
    const label = { kind: 'multilabel', classes: 3 } as const;
    const of = (last: string, loss?: LossName) =>
      build(() => ending(dense(3, last)), { label, ...(loss && { loss }) });
    expect(await refusalOf(of('softmax'))).toMatch(
      /ends in softmax, which shares one probability among the classes, .*change its activation to sigmoid/,
    );
    for (const last of ['sigmoid', 'linear', 'hardSigmoid'])
      expect((await of(last)).description.loss).toBe('binaryCrossentropy');
    expect(await refusalOf(of('sigmoid', 'categoricalCrossentropy'))).toMatch(
      /--loss categoricalCrossentropy does not fit: a record of made may have several of 3 classes at once/,
    );
    expect(await refusalOf(build(() => ending(dense(2, 'sigmoid')), { label }))).toMatch(
      /the model gives \[2\] numbers a record, .*change its last layer to 3 units with sigmoid/,
    );
    expect((await build('mlp:4', { label })).description.outputShape).toEqual([3]);
  });

  it('where a softmax makes probabilities of a part of the classes', async () => {
    const last = L.dense({ units: 2, activation: 'softmax', inputShape: [2, 3] });
    expect(await refusalOf(() => build(() => ending(last), { shape: [2, 3], classes: 4 }))).toMatch(
      /makes probabilities of 2 numbers at a time, not of 4: put a Flatten in front of it/,
    );
  });

  it.each<[LossName, string, number, number]>([
    ['binaryCrossentropy', 'tanh', 1, 2],
    ['binaryCrossentropy', 'relu', 1, 2],
    ['binaryCrossentropy', 'softmax', 1, 2],
    ['categoricalCrossentropy', 'tanh', 3, 3],
    ['categoricalCrossentropy', 'sigmoid', 3, 3],
    ['meanSquaredError', 'softmax', 1, 0],
  ])('where --loss %s cannot take what %s gives', async (loss, activation, units, classes) => {
    const message = await refusalOf(() => build(() => ending(dense(units, activation)), { loss, classes }));
    expect(message).toMatch(new RegExp(`\\(Dense\\) ends in ${activation}, .*change its activation to`));
  });
});

describe('the loss that a model file was compiled with', () => {
  const stored = (last: string, training_config: object) => {
    const model = ending(dense(3, 'tanh'), L.dense({ units: 1, activation: last as 'linear' }));
    const file = join(temporaryFolder(), 'model.json');
    const topology = { model_config: model.toJSON(null, false), training_config };
    writeFileSync(file, JSON.stringify({ modelTopology: topology }));
    return file;
  };

  it('is trained, unless another is asked for, and a model built before keeps its own', async () => {
    const file = stored('linear', { loss: 'mae', optimizer_config: { class_name: 'Adam' } });
    const { description, notes } = await build(file, { classes: 0 });
    expect(description.loss).toBe('meanAbsoluteError');
    expect(notes.join('\n')).toMatch(/optimizer Adam: it is not taken over.*\n.*loss is meanAbsoluteError/);
    expect((await build(description, { classes: 0 })).description.loss).toBe('meanAbsoluteError');
    const asked = await build(file, { classes: 0, loss: 'huber' });
    expect(asked.description.loss).toBe('huber');
    expect(asked.notes.join('\n')).toContain('with the loss mae: --loss huber is used instead');
  });

  it.each([
    ['poisson', 'sigmoid', /compiled with the loss poisson, which is not honored: give --loss/],
    ['mse', 'linear', undefined],
    [
      'binary_crossentropy',
      'sigmoid',
      /--loss binaryCrossentropy does not fit made, whose labels are numbers/,
    ],
  ])('%s of a regression', async (loss, last, refusal) => {
    const built = build(stored(last, { loss }), { classes: 0 });
    if (refusal) expect(await refusalOf(built)).toMatch(refusal);
    else expect((await built).description.loss).toBe('meanSquaredError');
  });

  it.each([
    ['sigmoid', false, true],
    ['linear', true, true],
    ['linear', false, false],
    ['sigmoid', true, false],
  ])('is held against the end %s: from_logits %s', async (last, from_logits, fits) => {
    const loss = { class_name: 'BinaryCrossentropy', config: { from_logits } };
    const file = stored(last, { loss });
    const ofClasses = build(file, { classes: 2 });
    if (fits) expect((await ofClasses).description.loss).toBe('binaryCrossentropy');
    else
      expect(await refusalOf(ofClasses)).toMatch(
        new RegExp(`ends in ${last}, and was compiled with a loss from_logits ${from_logits}: change one`),
      );
    const asked = build(file, { classes: 2, loss: 'binaryCrossentropy' });
    expect((await asked).description.loss).toBe('binaryCrossentropy');
  });
});

describe('logits', () => {
  it.each<[LossName, string, number]>([
    ['categoricalCrossentropy', 'softmax', 3],
    ['binaryCrossentropy', 'sigmoid', 1],
  ])('under %s train and are evaluated as with %s behind them', async (loss, activation, units) => {
    const subjectFor = (last: string) =>
      subjectOf({
        model: ((tensorflow) =>
          tensorflow.sequential({
            layers: [dense(5, 'tanh'), L.dense({ units, activation: last as 'linear' })],
          })) as ModelFunction,
        x: { shape: [4], dtype: 'float32' },
        label: { kind: 'class', classes: Math.max(2, units) },
        loss,
      });
    const [logits, probabilities] = [await subjectFor('linear'), await subjectFor(activation)];
    const batch = logits.batch(6);
    const results = [];
    for (const own of [probabilities, logits]) {
      for (const engine of [await eagerEngine(own), await compiledEngine(own, PORTABLE)]) {
        const { values, ...sums } = await gradientOf(engine, own, batch);
        results.push({ values, sums, evaluation: await engine.evaluate(batch) });
        engine.dispose();
      }
    }
    const [expected] = results;
    for (const { values, sums, evaluation } of results) {
      expect(sums.loss).toBeCloseTo(expected!.sums.loss, 4);
      expect(evaluation.metric).toBe(expected!.evaluation.metric);
      expect(evaluation.confusion).toEqual(expected!.evaluation.confusion);
      expect(evaluation.mistakes?.[0]?.confidence).toBeCloseTo(
        expected!.evaluation.mistakes?.[0]?.confidence ?? 0,
        4,
      );
      for (const [i, value] of expected!.values.entries()) expect(values[i]).toBeCloseTo(value, 4);
    }
  });

  it('are shown as probabilities, and probabilities as they are', () => {
    const shown = (model: tf.LayersModel, values: number[]) =>
      Array.from(probabilitiesOf(tf, model, tf.tensor2d([values])).dataSync());
    expect(shown(ending(dense(2, 'linear')), [0, 0])).toEqual([0.5, 0.5]);
    expect(shown(ending(dense(1, 'linear')), [0])).toEqual([0.5]);
    expect(shown(ending(dense(2, 'softmax')), [0.25, 0.75])).toEqual([0.25, 0.75]);
  });
});
