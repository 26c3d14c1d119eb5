/**
 * Multi-head scaled dot-product attention (Vaswani et al. 2017) of a sequence to itself, where a position
 * sees only itself and those before it: [n, t, width] to the same.
 */
import type { LayerVariable, Tensor } from '@tensorflow/tfjs';
import {
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

export interface CausalSelfAttentionArgs extends LayerArgs {
  /** Divides the width. */
  heads: number;
  /** Of the weights of queries, keys and values. */
  qkvInitializer: InitializerConfig;
  /** Of the projection at the end. */
  outputInitializer: InitializerConfig;
}

/** Added to the score of a later position: its weight in the softmax is then exactly 0. */
const NEVER = -1e9;

export function causalSelfAttention(tf: Tf): LayerClass<CausalSelfAttentionArgs> {
  return class CausalSelfAttention extends tf.layers.Layer {
    static className = 'CausalSelfAttention';
    private qkvKernel!: LayerVariable;
    private qkvBias!: LayerVariable;
    private outputKernel!: LayerVariable;
    private outputBias!: LayerVariable;

    constructor(private readonly args: CausalSelfAttentionArgs) {
      super(args);
    }

    override build(inputShape: Shapes): void {
      const { heads, qkvInitializer, outputInitializer } = this.args;
      const width = onlyShape(inputShape).at(-1)!;
      if (width % heads !== 0) throw new Error(`${heads} heads do not divide a width of ${width}`);
      const [qkv, output] = [qkvInitializer, outputInitializer].map((config) => initializerOf(tf, config));
      const zeros = tf.initializers.zeros();
      this.qkvKernel = this.addWeight('qkv_kernel', [width, 3 * width], 'float32', qkv);
      this.qkvBias = this.addWeight('qkv_bias', [3 * width], 'float32', zeros);
      this.outputKernel = this.addWeight('output_kernel', [width, width], 'float32', output);
      this.outputBias = this.addWeight('output_bias', [width], 'float32', zeros);
      this.built = true;
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const x = only(inputs);
        const [n, t, width] = x.shape as [number, number, number];
        const { heads } = this.args;
        const perHead = width / heads;
        const dense = (values: Tensor, kernel: Tensor, bias: Tensor) =>
          tf.add(tf.matMul(values.reshape([n * t, width]), kernel), bias);
        const qkv = dense(x, this.qkvKernel.read(), this.qkvBias.read());
        // Each [n, heads, t, perHead].
        const [q, k, v] = tf
          .split(qkv, 3, 1)
          .map((part) => tf.transpose(part.reshape([n, t, heads, perHead]), [0, 2, 1, 3]));
        const scores = tf.matMul(tf.mul(q!, 1 / Math.sqrt(perHead)), k!, false, true);
        const attention = tf.softmax(tf.add(scores, causalMask(t)));
        const merged = tf.transpose(tf.matMul(attention, v!), [0, 2, 1, 3]);
        return dense(merged, this.outputKernel.read(), this.outputBias.read()).reshape(x.shape);
      });
    }

    override getConfig() {
      const { heads, qkvInitializer, outputInitializer } = this.args;
      return { ...super.getConfig(), heads, qkvInitializer, outputInitializer };
    }
  };

  /** [t, t]: 0 where column <= row, `NEVER` above. */
  function causalMask(t: number): Tensor {
    const mask = Float32Array.from({ length: t * t }, (_, at) => (at % t <= Math.floor(at / t) ? 0 : NEVER));
    return tf.tensor2d(mask, [t, t]);
  }
}
