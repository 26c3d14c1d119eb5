/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with forget gates) over a sequence, all its states
 * returned: [n, t, width] to [n, t, units]. Starts from a state of zeros. Weights as in Keras and TF.js:
 * gates in the order input, forget, candidate, output, and 1 on the forget gate's bias.
 *
 * TF.js's own layer multiplies each step's input by the kernel in its turn; here one product does it for the
 * whole sequence, and a step is left with the recurrent half.
 */
import type { LayerVariable } from '@tensorflow/tfjs';
import {
  type Initializer,
  type InitializerConfig,
  type Inputs,
  initializerOf,
  type LayerArgs,
  type LayerClass,
  only,
  onlyShape,
  type Shapes,
  type Tf,
} from './layer.js';
import { lstmStates } from './lstm-states.js';

export interface LstmSequenceArgs extends LayerArgs {
  units: number;
  kernelInitializer: InitializerConfig;
  recurrentInitializer: InitializerConfig;
}

export function lstmSequence(tf: Tf): LayerClass<LstmSequenceArgs> {
  return class LstmSequence extends tf.layers.Layer {
    static className = 'LstmSequence';
    private kernel!: LayerVariable;
    private recurrentKernel!: LayerVariable;
    private bias!: LayerVariable;

    constructor(private readonly args: LstmSequenceArgs) {
      super(args);
    }

    override build(inputShape: Shapes): void {
      const { units, kernelInitializer, recurrentInitializer } = this.args;
      const width = onlyShape(inputShape).at(-1)!;
      const kernel = initializerOf(tf, kernelInitializer);
      const recurrent = initializerOf(tf, recurrentInitializer);
      this.kernel = this.addWeight('kernel', [width, 4 * units], 'float32', kernel);
      this.recurrentKernel = this.addWeight('recurrent_kernel', [units, 4 * units], 'float32', recurrent);
      this.bias = this.addWeight('bias', [4 * units], 'float32', forgetBias(units));
      this.built = true;
    }

    override computeOutputShape(inputShape: Shapes) {
      return [...onlyShape(inputShape).slice(0, 2), this.args.units];
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const x = only(inputs);
        const [n, t, width] = x.shape as [number, number, number];
        const { units } = this.args;
        const inputsInTime = tf.transpose(x, [1, 0, 2]).reshape([t * n, width]);
        const projected = tf.add(tf.matMul(inputsInTime, this.kernel.read()), this.bias.read());
        const states = lstmStates(tf, t, projected, this.recurrentKernel.read());
        return tf.transpose(states.reshape([t, n, units]), [1, 0, 2]);
      });
    }

    override getConfig() {
      const { units, kernelInitializer, recurrentInitializer } = this.args;
      return { ...super.getConfig(), units, kernelInitializer, recurrentInitializer };
    }
  };

  /** Ones for the forget gate: what is in memory stays there at first (Jozefowicz et al. 2015). */
  function forgetBias(units: number): Initializer {
    const values = Float32Array.from({ length: 4 * units }, (_, at) =>
      Math.floor(at / units) === 1 ? 1 : 0,
    );
    return { apply: () => tf.tensor1d(values) } as unknown as Initializer;
  }
}
