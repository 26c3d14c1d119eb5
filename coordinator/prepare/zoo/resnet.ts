import type { SymbolicTensor } from '@tensorflow/tfjs';
import { imageOnly, noArguments, type ZooModel } from './model.js';

const STAGES = [16, 32, 64];

/**
 * `resnet`: a small residual network (He et al. 2016, the form for CIFAR): a 3x3 convolution, three stages of
 * one block with 16, 32 and 64 channels, global average pooling, dense. Batch normalization uses the
 * statistics of its shard.
 */
export const resnet: ZooModel = {
  name: 'resnet',
  usage: 'resnet',
  defaults: { optimizer: 'adam', learningRate: 0.002, schedule: 'cosine', batchSize: 128, epochs: 6 },
  build(tf, shapes, args) {
    noArguments('resnet', args);
    imageOnly('resnet', shapes, 8);
    const { inputShape, outputs, outputActivation } = shapes;
    const convolution = (
      x: SymbolicTensor,
      filters: number,
      kernelSize: number,
      strides: number,
      name: string,
    ) => {
      const layer = tf.layers.conv2d({
        filters,
        kernelSize,
        strides,
        padding: 'same',
        useBias: false,
        kernelInitializer: 'heNormal',
        name,
      });
      const normalize = tf.layers.batchNormalization({ momentum: 0.9, name: `${name}_bn` });
      return normalize.apply(layer.apply(x)) as SymbolicTensor;
    };
    const relu = (x: SymbolicTensor, name: string) =>
      tf.layers.activation({ activation: 'relu', name }).apply(x) as SymbolicTensor;

    const input = tf.input({ shape: inputShape, name: 'image' });
    let x = relu(convolution(input, STAGES[0]!, 3, 1, 'stem'), 'stem_relu');
    for (const [stage, filters] of STAGES.entries()) {
      const name = `stage_${stage + 1}`;
      const strides = stage === 0 ? 1 : 2;
      let inner = relu(convolution(x, filters, 3, strides, `${name}_a`), `${name}_a_relu`);
      inner = convolution(inner, filters, 3, 1, `${name}_b`);
      const shortcut = stage === 0 ? x : convolution(x, filters, 1, strides, `${name}_shortcut`);
      const sum = tf.layers.add({ name: `${name}_add` }).apply([inner, shortcut]) as SymbolicTensor;
      x = relu(sum, `${name}_relu`);
    }
    x = tf.layers.globalAveragePooling2d({ name: 'pool' }).apply(x) as SymbolicTensor;
    const output = tf.layers.dense({ units: outputs, activation: outputActivation, name: 'output' }).apply(x);
    return tf.model({ inputs: input, outputs: output as SymbolicTensor, name: 'resnet' });
  },
};
