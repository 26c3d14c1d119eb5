import { imageOnly, noArguments, type ZooModel } from './model.js';

/** `cnn`: 3x3 convolution 32, pool, 3x3 convolution 64, pool, dense 128; ReLU, no padding. */
export const cnn: ZooModel = {
  name: 'cnn',
  usage: 'cnn',
  defaults: { optimizer: 'adam', learningRate: 0.001, schedule: 'cosine', batchSize: 128, epochs: 4 },
  build(tf, shapes, args) {
    noArguments('cnn', args);
    imageOnly('cnn', shapes, 10);
    const { inputShape, outputs, outputActivation } = shapes;
    const convolution = (filters: number) =>
      ({ filters, kernelSize: 3, activation: 'relu', kernelInitializer: 'heNormal' }) as const;
    const model = tf.sequential({ name: 'cnn' });
    model.add(tf.layers.conv2d({ ...convolution(32), inputShape, name: 'conv_1' }));
    model.add(tf.layers.maxPooling2d({ poolSize: 2, strides: 2, name: 'pool_1' }));
    model.add(tf.layers.conv2d({ ...convolution(64), name: 'conv_2' }));
    model.add(tf.layers.maxPooling2d({ poolSize: 2, strides: 2, name: 'pool_2' }));
    model.add(tf.layers.flatten({ name: 'flatten' }));
    model.add(
      tf.layers.dense({ units: 128, activation: 'relu', kernelInitializer: 'heNormal', name: 'dense' }),
    );
    model.add(tf.layers.dense({ units: outputs, activation: outputActivation, name: 'output' }));
    return model;
  },
};
