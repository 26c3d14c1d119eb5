/** What is learned: data, model, loss; how long, and in which pieces. */

import { AUGMENT_USAGE } from '../../shared/data/augment/augment.js';
import { EXCHANGES } from '../../shared/numerics/codec/exchange.js';
import { WEIGHTS_CODES } from '../../shared/numerics/codec/weights/codings.js';
import { LOSSES } from '../../shared/numerics/losses.js';
import { MAX_DEPTH, MAX_SHARDS } from '../../shared/numerics/tree.js';
import { block, option } from '../../shared/options/option.js';
import {
  either,
  fraction,
  matching,
  oneOf,
  power,
  real,
  text,
  textOrObject,
  toggle,
  whole,
  word,
} from '../../shared/options/option-kinds.js';
import { SOURCES } from '../prepare/data/sources/sources.js';
import { isLossPerOutput, lossTextOf } from '../prepare/model/traced/loss-per-output.js';
import { isModule, type LossOption } from '../prepare/model/traced/own-function.js';
import { ZOO } from '../prepare/zoo/zoo.js';

const modelDecides = { otherwise: "the model's own" } as const;

export const LEARNING_OPTIONS = block({
  data: option(text('SPEC'), 'digits', `data set: ${SOURCES.map(({ usage }) => usage).join(', ')}`),
  model: option(
    text('SPEC'),
    'mlp',
    `model: ${ZOO.map(({ usage }) => usage).join(', ')}, or a model file: FILE.json of TF.js or Keras layers, FILE.keras or FILE.h5 of Keras; or FILE.mjs: a program whose forward pass may branch and loop, on workers that hold the file`,
  ),
  from: option(
    text('RUN_DIR|DIR|FILE'),
    undefined,
    "train the model of a run further, of an export, or of a model file; beside --model: its weights, by name, in that model's layers (.safetensors and .weights.h5 too)",
    { otherwise: 'none' },
  ),
  freeze: option(
    text('PATTERN,...'),
    undefined,
    'layers of the model file that stay as they are, by their names: * stands for any letters',
    { otherwise: 'none' },
  ),
  head: option(
    toggle,
    false,
    "a new last layer for the classes of the data, in place of the model file's own",
  ),
  loss: option(
    {
      ...oneOf<LossOption>('NAME|OUTPUT=NAME,...|FILE.mjs', [...LOSSES]),
      must: `one of ${LOSSES.join(', ')}, OUTPUT=NAME,... for a model with several outputs, or a FILE.mjs of your own`,
      read: (value) =>
        value === 'function' || isLossPerOutput(value) || isModule(value)
          ? value
          : (LOSSES.find((name) => name === value) ?? lossTextOf(value)),
    },
    undefined,
    `loss: ${LOSSES.join(', ')}; of several outputs one for all, or OUTPUT=NAME,...; or a FILE.mjs that exports ({ tf }) => (yTrue, yPred) => a number for each sample`,
    { otherwise: 'the one that fits labels and model' },
  ),
  lossWeights: option(
    textOrObject('OUTPUT=X,...'),
    undefined,
    'what the loss of each output counts in the sum that is trained, for a model with several',
    { otherwise: "the model file's own, or 1" },
  ),
  labelSmoothing: option(
    fraction,
    undefined,
    'share of each label that is spread evenly over all classes, for categoricalCrossentropy and binaryCrossentropy',
    { otherwise: "0, or the model file's own" },
  ),
  classWeight: option(
    textOrObject('balanced|CLASS=X,...'),
    undefined,
    'what a training record counts, by its class: balanced gives all classes the same sum; or a JSON object; a class that is not named counts 1',
    { otherwise: 'every record counts 1' },
  ),
  augment: option(
    text('OPERATION,...'),
    undefined,
    `what is done to training pictures by chance, anew in each epoch: any of ${AUGMENT_USAGE}, in their order; evaluations see them as they are`,
    { otherwise: 'nothing' },
  ),
  maxLength: option(
    whole(2),
    undefined,
    'tokens of a text (--data with text=COLUMN): what is longer is cut behind them',
    { otherwise: 'the longest text, at most 256' },
  ),
  validation: option(
    real('a share above 0 and below 1', (value) => value > 0 && value < 1, 'SHARE'),
    undefined,
    'share of the training records that evaluations look at, drawn by --seed, a like part of each class; the test set is then evaluated once, at the end',
    { otherwise: 'none: evaluations look at the test set' },
  ),
  fold: option(
    matching('K/N', 'K/N with N of at least 2 and K from 1 to N', /^[1-9]\d*\/[1-9]\d*$/),
    undefined,
    'the K-th of N parts of the training records as validation set, instead of --validation: for cross-validation',
    { otherwise: '--validation decides' },
  ),
  seed: option(
    whole(0, 0xffffffff),
    1,
    'seed of initial weights, order of samples, dropout, and the draw of --validation',
  ),

  epochs: option(whole(1), undefined, 'passes over the training set', {
    otherwise: "the model's own, unless --steps is given",
    scope: 'operation',
  }),
  steps: option(whole(1), undefined, 'optimizer updates in all, instead of --epochs', {
    otherwise: '--epochs decides',
    scope: 'operation',
  }),
  batchSize: option(whole(1), undefined, 'samples of one step, over all workers', modelDecides),
  shards: option(
    either(power(MAX_SHARDS), word('auto')),
    undefined,
    'parts that each step is cut into; with a fixed number the result does not depend on the workers',
    { otherwise: 'the largest power of two up to 8 that leaves 16 samples a shard; auto with --robust' },
  ),
  exchange: option(
    oneOf('f32|int8', EXCHANGES),
    'f32',
    'how gradients travel: f32, or int8, a quarter of the bytes, rounded by chance so that their mean stays; docs/reach.md',
  ),
  exchangeDepth: option(
    whole(0, MAX_DEPTH),
    undefined,
    'levels of the tree of additions below its root down to which --exchange int8 rounds sums; deeper ones travel in float32',
    { otherwise: 'all levels: log2 of --shards' },
  ),
  weights: option(
    oneOf(WEIGHTS_CODES.join('|'), WEIGHTS_CODES),
    'f32',
    'how weights travel to workers, which compute with what they get: f32; bf16, half of the bytes; delta8 or delta4, changes in a quarter or an eighth; docs/reach.md',
  ),
  shuffle: option(
    matching(
      'none|full|window:N',
      'none, full, or window:N with N chunks of at least 1',
      /^(none|full|window:[1-9]\d*)$/,
    ),
    'full',
    'how to shuffle samples: not at all, over the whole set, or within windows of N chunks (for data larger than a cache)',
  ),
});
