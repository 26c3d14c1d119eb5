/**
 * Gated recurrent units as Keras makes them by default (`reset_after`), and cuDNN: the reset gate acts after the
 * recurrent product, not before it, which has a bias of its own. With inputs x, state h, kernels K, U and biases b, c
 * in the order update, reset, candidate: z = s(x Kz + bz + h Uz + cz), r = s(x Kr + br + h Ur + cr),
 * h' = z h + (1 - z) tanh(x Kh + bh + r (h Uh + ch)). TF.js has the other form alone.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { classOf, type LayerClass, type Shapes, type Tf } from '../layer.js';

type Tensor = TensorFlow.Tensor;
/** The arguments of TF.js's GRU. */
export type ResetAfterGRUArgs = Parameters<typeof TensorFlow.layers.gru>[0];

/** What TF.js's cell has; it exports no types for it. */
interface Parts {
  units: number;
  useBias: boolean;
  kernel: TensorFlow.LayerVariable;
  recurrentKernel: TensorFlow.LayerVariable;
  bias: TensorFlow.LayerVariable | null;
  biasInitializer: never;
  biasRegularizer: never;
  biasConstraint: never;
  activation: { apply(x: Tensor): Tensor };
  recurrentActivation: { apply(x: Tensor): Tensor };
}

type Classes = Record<'ResetAfterGRU' | 'ResetAfterGRUCell', LayerClass<ResetAfterGRUArgs>>;

export function resetAfterGru(tf: Tf): Classes {
  class ResetAfterGRUCell extends classOf<ResetAfterGRUArgs>(tf, 'GRUCell') {
    static override className = 'ResetAfterGRUCell';

    constructor(args: ResetAfterGRUArgs) {
      super({ ...args, resetAfter: false } as ResetAfterGRUArgs);
    }

    override build(inputShape: Shapes): void {
      const parts = this as unknown as Parts;
      const { useBias } = parts;
      parts.useBias = false;
      super.build(inputShape);
      parts.useBias = useBias;
      const { units, biasInitializer, biasRegularizer, biasConstraint } = parts;
      const shape = [2, 3 * units];
      if (useBias) {
        parts.bias = this.addWeight(
          'bias',
          shape,
          'float32',
          biasInitializer,
          biasRegularizer,
          true,
          biasConstraint,
        );
      }
    }

    override call(inputs: Tensor | Tensor[]): Tensor[] {
      return tf.tidy(() => {
        const [x, h] = inputs as [Tensor, Tensor];
        const parts = this as unknown as Parts;
        const { activation, recurrentActivation } = parts;
        const [own, recurrent] = parts.bias ? tf.split(parts.bias.read(), 2, 0) : [];
        const drive = (values: Tensor, kernel: Tensor, bias: Tensor | undefined) => {
          const product = tf.matMul(values as TensorFlow.Tensor2D, kernel as TensorFlow.Tensor2D);
          return tf.split(bias ? tf.add(product, bias) : product, 3, 1) as [Tensor, Tensor, Tensor];
        };
        const [xz, xr, xh] = drive(x, parts.kernel.read(), own);
        const [hz, hr, hh] = drive(h, parts.recurrentKernel.read(), recurrent);
        const update = recurrentActivation.apply(tf.add(xz, hz));
        const reset = recurrentActivation.apply(tf.add(xr, hr));
        const candidate = activation.apply(tf.add(xh, tf.mul(reset, hh)));
        const state = tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate));
        return [state, state];
      });
    }

    override getConfig() {
      return { ...super.getConfig(), resetAfter: true };
    }
  }

  class ResetAfterGRU extends classOf<object>(tf, 'RNN') {
    static override className = 'ResetAfterGRU';

    constructor(args: ResetAfterGRUArgs) {
      super({ ...args, cell: new ResetAfterGRUCell(args) });
    }

    /** TF.js's own looks for a cell in the configuration. */
    static override fromConfig = ((cls: new (args: object) => unknown, config: object) =>
      new cls(config)) as unknown as LayerClass<object>['fromConfig'];
  }

  return { ResetAfterGRU, ResetAfterGRUCell };
}
