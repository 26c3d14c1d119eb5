import type { SymbolicTensor } from '@tensorflow/tfjs';
import { normal, uniform } from '../../../shared/models/layers/layer.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { sequenceOnly, unitsOf, type ZooModel } from './model.js';

const DEFAULT_UNITS = [128, 128];
const EMBEDDING_WIDTH = 64;

/** `lstm[:UNITS,...]`: a character model of embedding, LSTM layers (two of 128 units by default), dense. */
export const lstm: ZooModel = {
  name: 'lstm',
  usage: 'lstm[:UNITS,...]',
  defaults: {
    optimizer: 'adam',
    learningRate: 0.004,
    schedule: 'cosine',
    batchSize: 64,
    epochs: 10,
  },
  build(tf, shapes, args) {
    const { inputShape, outputs, outputActivation } = sequenceOnly('lstm', shapes);
    const units = args.length > 0 ? unitsOf('lstm', args) : DEFAULT_UNITS;
    const { TokenEmbedding, LstmSequence } = registerLayers(tf);
    const input = tf.input({ shape: inputShape, name: 'tokens' });
    let x = new TokenEmbedding({
      vocabulary: outputs,
      width: EMBEDDING_WIDTH,
      embeddingsInitializer: normal(1 / Math.sqrt(EMBEDDING_WIDTH)),
      name: 'embedding',
    }).apply(input);
    for (const [i, count] of units.entries()) {
      const initializer = uniform(1 / Math.sqrt(count));
      x = new LstmSequence({
        units: count,
        kernelInitializer: initializer,
        recurrentInitializer: initializer,
        name: `lstm_${i + 1}`,
      }).apply(x);
    }
    const output = tf.layers.dense({ units: outputs, activation: outputActivation, name: 'output' }).apply(x);
    return tf.model({ inputs: input, outputs: output as SymbolicTensor, name: 'lstm' });
  },
};
