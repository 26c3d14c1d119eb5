/** Activations that Keras has and TF.js lacks, by the names that they have in a topology. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Tf } from '../layer.js';

type Tensor = TensorFlow.Tensor;
type Activation = new () => object;

/** Their functions, by name. */
const FUNCTIONS: Readonly<Record<string, (tf: Tf, x: Tensor) => Tensor>> = {
  exponential: (tf, x) => tf.exp(x),
  /** Keras 3's hard sigmoid; that of Keras 2 and TF.js has a slope of 1/5. */
  hardSigmoidOfSixth: (tf, x) => tf.div(tf.relu6(tf.add(x, 3)), 6),
};

export function registerActivations(tf: Tf): void {
  const { activation } = tf.layers.activation({ activation: 'linear' }) as unknown as { activation: object };
  // TF.js does not export what its activations extend.
  const Base = Object.getPrototypeOf(activation.constructor) as Activation;
  for (const [className, compute] of Object.entries(FUNCTIONS)) {
    class Named extends Base {
      static className = className;
      apply(x: Tensor): Tensor {
        return tf.tidy(() => compute(tf, x));
      }
    }
    tf.serialization.registerClass(Named as never);
  }
}
