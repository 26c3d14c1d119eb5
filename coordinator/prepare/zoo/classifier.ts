import type { SymbolicTensor } from '@tensorflow/tfjs';
import { uniform } from '../../../shared/models/layers/layer.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { UserError } from '../../../shared/user-error.js';
import { unitsOf, type ZooModel } from './model.js';

const DEFAULT_UNITS = 64;
const EMBEDDING_WIDTH = 64;
const CELLS = ['lstm', 'gru'] as const;

/** `classifier[:lstm|gru[,UNITS]]`: texts of any length: embedding, a recurrent layer, the mean of its steps, dense. */
export const classifier: ZooModel = {
  name: 'classifier',
  usage: 'classifier[:lstm|gru[,UNITS]]',
  // Small batches: what turns a word around is learned late, and a few thousand texts are few steps of 128.
  defaults: { optimizer: 'adam', learningRate: 0.004, schedule: 'cosine', batchSize: 32, epochs: 5 },
  build(tf, { tokens, inputShape, outputs, outputActivation }, [name = 'lstm', ...rest]) {
    if (tokens === undefined)
      throw new UserError(
        `--model classifier needs texts (--data 'csv:FILE?text=COLUMN&label=COLUMN'), the data has shape [${inputShape}]: give another --model`,
        2,
      );
    const cell = CELLS.find((known) => known === name);
    if (!cell || rest.length > 1)
      throw new UserError(
        `--model classifier:${[name, ...rest].join(',')}: give classifier:${CELLS.join(' or classifier:')}, and a number of units behind a comma`,
        2,
      );
    const [units = DEFAULT_UNITS] = unitsOf(`classifier:${cell}`, rest);
    const { ResetAfterGRU } = registerLayers(tf);
    const initializer = uniform(1 / Math.sqrt(units));
    const initial = { kernelInitializer: initializer, recurrentInitializer: initializer } as object;
    const input = tf.input({ shape: [null as never], name: 'tokens' });
    const embedded = tf.layers
      .embedding({
        ...{ inputDim: tokens, outputDim: EMBEDDING_WIDTH, maskZero: true, name: 'embedding' },
        embeddingsInitializer: {
          className: 'RandomNormal',
          config: { mean: 0, stddev: 0.1, seed: null },
        } as never,
      })
      .apply(input);
    const recurrent =
      cell === 'lstm'
        ? tf.layers.lstm({
            units,
            returnSequences: true,
            recurrentActivation: 'sigmoid',
            name: 'lstm',
            ...initial,
          })
        : new ResetAfterGRU({
            units,
            returnSequences: true,
            recurrentActivation: 'sigmoid',
            name: 'gru',
            ...initial,
          } as never);
    const steps = recurrent.apply(embedded);
    const mean = tf.layers.globalAveragePooling1d({ name: 'mean' }).apply(steps);
    const output = tf.layers
      .dense({ units: outputs, activation: outputActivation, name: 'output' })
      .apply(mean);
    return tf.model({ inputs: input, outputs: output as SymbolicTensor, name: 'classifier' });
  },
};
