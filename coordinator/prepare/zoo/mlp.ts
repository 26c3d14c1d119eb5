import { flatten, unitsOf, type ZooModel } from './model.js';

const DEFAULT_UNITS = [256, 128];

/** `mlp[:UNITS,...]`: dense layers with ReLU; 256 and 128 units by default. */
export const mlp: ZooModel = {
  name: 'mlp',
  usage: 'mlp[:UNITS,...]',
  defaults: { optimizer: 'adam', learningRate: 0.002, schedule: 'cosine', batchSize: 128, epochs: 8 },
  build(tf, { inputShape, outputs, outputActivation }, args) {
    const units = args.length > 0 ? unitsOf('mlp', args) : DEFAULT_UNITS;
    const model = tf.sequential({ name: 'mlp' });
    model.add(flatten(tf, inputShape));
    for (const [i, count] of units.entries()) {
      model.add(
        tf.layers.dense({
          units: count,
          activation: 'relu',
          kernelInitializer: 'heNormal',
          name: `dense_${i + 1}`,
        }),
      );
    }
    model.add(tf.layers.dense({ units: outputs, activation: outputActivation, name: 'output' }));
    return model;
  },
};
