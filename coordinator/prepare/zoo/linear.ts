import { flatten, noArguments, type ZooModel } from './model.js';

/** `linear`: one dense layer; softmax or linear regression. */
export const linear: ZooModel = {
  name: 'linear',
  usage: 'linear',
  defaults: { optimizer: 'adam', learningRate: 0.002, schedule: 'cosine', batchSize: 128, epochs: 8 },
  build(tf, { inputShape, outputs, outputActivation }, args) {
    noArguments('linear', args);
    const model = tf.sequential({ name: 'linear' });
    model.add(flatten(tf, inputShape));
    model.add(tf.layers.dense({ units: outputs, activation: outputActivation, name: 'output' }));
    return model;
  },
};
