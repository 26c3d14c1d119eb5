import { lstmStates } from '../corrected/lstm-states.js';
import { defineLayer, required } from '../define-layer.js';
import type { Initializer, InitializerConfig, Tf } from '../layer.js';

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with forget gates) over a sequence, all its states
 * returned: [n, t, width] to [n, t, units]. Starts from a state of zeros. Weights as in Keras and TF.js:
 * gates in the order input, forget, candidate, output, and 1 on the forget gate's bias.
 *
 * TF.js's own layer multiplies each step's input by the kernel in its turn; here one product does it for the
 * whole sequence, and a step is left with the recurrent half.
 */
export const lstmSequence = defineLayer({
  options: {
    units: required<number>(),
    kernelInitializer: required<InitializerConfig>(),
    recurrentInitializer: required<InitializerConfig>(),
  },
  weights: ({ units, kernelInitializer, recurrentInitializer }, shape) => ({
    kernel: { shape: [shape.at(-1)!, 4 * units], initial: kernelInitializer },
    recurrentKernel: { shape: [units, 4 * units], initial: recurrentInitializer },
    bias: { shape: [4 * units], initial: (tf: Tf) => forgetBias(tf, units) },
  }),
  outputShape: ({ units }, shape) => [...shape.slice(0, 2), units],
  call(tf, x, { options: { units }, weights: { kernel, recurrentKernel, bias } }) {
    const [n, t, width] = x.shape as [number, number, number];
    const inputsInTime = tf.transpose(x, [1, 0, 2]).reshape([t * n, width]);
    const projected = tf.add(tf.matMul(inputsInTime, kernel), bias);
    const states = lstmStates(tf, t, projected, recurrentKernel);
    return tf.transpose(states.reshape([t, n, units]), [1, 0, 2]);
  },
});

/** Ones for the forget gate: what is in memory stays there at first (Jozefowicz et al. 2015). */
function forgetBias(tf: Tf, units: number): Initializer {
  const values = Float32Array.from({ length: 4 * units }, (_, at) => (Math.floor(at / units) === 1 ? 1 : 0));
  return { apply: () => tf.tensor1d(values) } as unknown as Initializer;
}
