/**
 * Keras' one-dimensional convolution with `padding: 'causal'`: a result sees nothing of what comes after it. TF.js
 * knows the word, computes the output's length without it, and then refuses to convolve. Zeros before the sequence
 * and a convolution without padding are the same.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { classOf, type Inputs, type LayerClass, only, onlyShape, type Shapes, type Tf } from '../layer.js';

/** The arguments of TF.js's Conv1D. */
export type CausalConv1DArgs = Parameters<typeof TensorFlow.layers.conv1d>[0];

export function causalConv1d(tf: Tf): LayerClass<CausalConv1DArgs> {
  return class CausalConv1D extends classOf<CausalConv1DArgs>(tf, 'Conv1D') {
    static override className = 'CausalConv1D';

    override computeOutputShape(inputShape: Shapes) {
      const [n, length, channels] = onlyShape(inputShape);
      return super.computeOutputShape([n!, length == null ? length! : length + this.zeros, channels!]);
    }

    override call(inputs: Inputs, kwargs: object) {
      return tf.tidy(() => {
        const before: [number, number] = [this.zeros, 0];
        return super.call(tf.pad(only(inputs), [[0, 0], before, [0, 0]]), kwargs);
      });
    }

    /** How many zeros stand before the first value. */
    private get zeros(): number {
      const { kernelSize, dilationRate } = this as unknown as {
        kernelSize: number[];
        dilationRate: number[];
      };
      return (kernelSize[0]! - 1) * dilationRate[0]!;
    }
  };
}
