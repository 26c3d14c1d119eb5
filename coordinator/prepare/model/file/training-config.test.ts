import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../test/support/refusal.js';
import { chooseLoss, type TrainingConfigs } from './training-config.js';

const FILE = '--model m.json';
const choose = (configs: TrainingConfigs, asked?: 'huber' | 'meanAbsoluteError') =>
  chooseLoss(FILE, configs, asked);
const compiled = (loss: unknown, more: object = {}) => choose({ training_config: { loss, ...more } });
const OF_CLASSES = 'categoricalCrossentropy';

describe('the loss of a model file', () => {
  it.each<[string, TrainingConfigs, string]>([
    ['of the converter', { training_config: { loss: 'mse' } }, 'meanSquaredError'],
    ['of TF.js', { trainingConfig: { loss: 'meanAbsoluteError', metrics: ['acc'] } }, 'meanAbsoluteError'],
    [
      'of Keras 3',
      { compile_config: { loss: 'sparse_categorical_crossentropy', jit_compile: true } },
      OF_CLASSES,
    ],
    ['of an export of ours', { userDefinedMetadata: { swarmgrad: { loss: 'huber' } } }, 'huber'],
    ['as a class', { compile_config: { loss: { class_name: 'Huber', config: { delta: 1 } } } }, 'huber'],
    [
      'as a function',
      { compile_config: { loss: { class_name: 'function', config: 'huber_loss' } } },
      'huber',
    ],
    [
      'of the one output',
      { training_config: { loss: { out: 'mae' }, loss_weights: [1] } },
      'meanAbsoluteError',
    ],
    ['in a list', { training_config: { loss: ['mae'], loss_weights: { out: 1 } } }, 'meanAbsoluteError'],
  ])('is read %s', (_, configs, loss) => {
    expect(choose(configs)).toMatchObject({
      loss,
      notes: [`${FILE}: the loss is ${loss}, as the model was compiled with`],
    });
  });

  it('is read with its label smoothing, unless --loss asks for another', () => {
    const loss = { class_name: 'BinaryCrossentropy', config: { label_smoothing: 0.1, from_logits: true } };
    expect(compiled(loss)).toEqual({
      loss: 'binaryCrossentropy',
      fromLogits: true,
      labelSmoothing: 0.1,
      notes: [
        `${FILE}: the loss is binaryCrossentropy with label smoothing 0.1, as the model was compiled with`,
      ],
    });
    expect(chooseLoss(FILE, { compile_config: { loss } }, 'binaryCrossentropy')).toEqual({
      loss: 'binaryCrossentropy',
      fromLogits: undefined,
      notes: [
        `${FILE}: the model was compiled with label_smoothing 0.1 of its loss BinaryCrossentropy: --loss binaryCrossentropy is used instead`,
      ],
    });
  });

  it.each([[undefined], [null], [[]], ['mse']])('is none in %j, nor where nothing is said', (config) => {
    const nothing = { loss: undefined, fromLogits: undefined, notes: [] };
    expect(choose({ training_config: config })).toEqual(nothing);
    expect(choose({ training_config: { loss: null, optimizer_config: null } })).toEqual(nothing);
    expect(choose({ userDefinedMetadata: config })).toEqual(nothing);
  });

  it.each<[string, unknown, object?]>([
    ['the loss kl_divergence', 'kl_divergence'],
    ['the loss constructor', 'constructor'],
    ['constructor 1 of its loss Huber', { class_name: 'Huber', config: { constructor: 1 } }],
    ['the loss Custom>mine', { class_name: 'Custom>mine', config: {} }],
    ['the loss ["mse","mae"]', ['mse', 'mae']],
    ['the loss 7', 7],
    [
      'label_smoothing 1 of its loss CategoricalCrossentropy',
      { class_name: 'CategoricalCrossentropy', config: { label_smoothing: 1 } },
    ],
    ['reduction "sum" of its loss Huber', { class_name: 'Huber', config: { reduction: 'sum' } }],
    ['delta 2 of its loss Huber', { class_name: 'Huber', config: { delta: 2 } }],
    [
      'ignore_class 0 of its loss SparseCategoricalCrossentropy',
      { class_name: 'SparseCategoricalCrossentropy', config: { ignore_class: 0 } },
    ],
    [
      'dtype "float16" of its loss MeanSquaredError',
      { class_name: 'MeanSquaredError', config: { dtype: 'float16' } },
    ],
    ['loss_weights [0.5]', 'mse', { loss_weights: [0.5] }],
    ['loss_weights {"out":2}', 'mse', { loss_weights: { out: 2 } }],
  ])('that training does not honor is refused by name: %s', async (what, loss, more) => {
    expect(await refusalOf(() => compiled(loss, more))).toContain(
      `${FILE}: the model was compiled with ${what}, which is not honored: give --loss (categoricalCrossentropy,`,
    );
  });

  it('gives way to --loss, which is told where the two are not the same', () => {
    const asked = (loss: unknown) => choose({ training_config: { loss } }, 'huber');
    expect(asked('huber')).toEqual({ loss: 'huber', fromLogits: undefined, notes: [] });
    const harder = { class_name: 'Huber', config: { delta: 2 } };
    expect(asked(harder).notes[0]).toMatch(/compiled with delta 2 of its loss Huber: --loss huber is used/);
    expect(asked('kl_divergence')).toMatchObject({
      loss: 'huber',
      notes: [`${FILE}: the model was compiled with the loss kl_divergence: --loss huber is used instead`],
    });
  });

  it('takes probabilities where nothing else is said, as in Keras; of an export nothing is known', () => {
    const cross = (config: object) =>
      compiled({ class_name: 'BinaryCrossentropy', config: { dtype: null, reduction: 'auto', ...config } });
    expect(cross({}).fromLogits).toBe(false);
    expect(cross({ from_logits: true }).fromLogits).toBe(true);
    expect(compiled('mse').fromLogits).toBeUndefined();
    expect(choose({ userDefinedMetadata: { swarmgrad: { loss: OF_CLASSES } } }).fromLogits).toBeUndefined();
  });
});

describe('the optimizer of a model file', () => {
  it.each([
    ['adam', 'adam'],
    [{ class_name: 'Custom>SGD', config: { learning_rate: 0.5 } }, 'Custom>SGD, learning_rate 0.5'],
    [
      { class_name: 'Adam', config: { learning_rate: { class_name: 'CosineDecay' } } },
      'Adam, learning_rate {"class_name":"CosineDecay"}',
    ],
    [7, '7'],
  ])('is told, and that it is not taken over: %j', (optimizer, said) => {
    const text = `${FILE}: the model was compiled with the optimizer ${said}: it is not taken over, --optimizer and --lr decide`;
    expect(choose({ training_config: { optimizer_config: optimizer } }).notes).toEqual([text]);
    expect(choose({ compile_config: { optimizer } }, 'meanAbsoluteError').notes).toEqual([text]);
  });
});
