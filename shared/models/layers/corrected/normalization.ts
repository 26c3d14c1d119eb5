/**
 * Keras' normalization by a mean and a variance that were taken from data before: they stand in the configuration,
 * or are weights that nothing trains. (x - mean) / max(sqrt(variance), 1e-7), or, inverted, back again.
 */
import type { LayerVariable, Tensor } from '@tensorflow/tfjs';
import {
  type Inputs,
  type LayerArgs,
  type LayerClass,
  only,
  onlyShape,
  type Shapes,
  type Tf,
} from '../layer.js';

const EPSILON = 1e-7;

type Numbers = number | Numbers[];

/** What Keras' layer Normalization is made with. */
export interface NormalizationArgs extends LayerArgs {
  /** Along which values have a mean of their own; -1 by default, none where null. */
  axis?: number | number[] | null;
  mean?: Numbers | null;
  variance?: Numbers | null;
  invert?: boolean | null;
}

export function normalization(tf: Tf): LayerClass<NormalizationArgs> {
  return class Normalization extends tf.layers.Layer {
    static className = 'Normalization';
    private mean?: LayerVariable;
    private variance?: LayerVariable;

    constructor(private readonly args: NormalizationArgs) {
      super(args);
      this.supportsMasking = true;
    }

    override build(inputShape: Shapes): void {
      if (this.args.mean == null) {
        const kept = this.broadcastOver(onlyShape(inputShape)).kept as number[];
        const frozen = (name: string, initializer: ReturnType<typeof tf.initializers.zeros>) =>
          this.addWeight(name, kept, 'float32', initializer, undefined, false);
        this.mean = frozen('mean', tf.initializers.zeros());
        this.variance = frozen('variance', tf.initializers.ones());
      }
      this.built = true;
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const x = only(inputs);
        const { shape } = this.broadcastOver(x.shape);
        const number = (variable: LayerVariable | undefined, given: Numbers | null | undefined): Tensor => {
          const values = variable?.read() ?? tf.tensor(given as number[], undefined, 'float32');
          return values.size === 1 ? values.reshape([]) : values.reshape(shape);
        };
        const mean = number(this.mean, this.args.mean);
        const deviation = tf.maximum(tf.sqrt(number(this.variance, this.args.variance)), EPSILON);
        return this.args.invert ? tf.add(tf.mul(x, deviation), mean) : tf.div(tf.sub(x, mean), deviation);
      });
    }

    /** The lengths along the axes that are kept, and these with 1 along all others. */
    private broadcastOver(shape: readonly (number | null)[]): { kept: (number | null)[]; shape: number[] } {
      const { axis = -1 } = this.args;
      const axes = (axis === null ? [] : [axis].flat()).map((at) => (at < 0 ? at + shape.length : at));
      return {
        kept: shape.filter((_, at) => axes.includes(at)),
        shape: shape.map((length, at) => (axes.includes(at) ? length! : 1)),
      };
    }

    override getConfig() {
      const { axis = -1, mean = null, variance = null, invert = false } = this.args;
      return { ...super.getConfig(), axis, mean, variance, invert } as ReturnType<
        (typeof tf.layers.Layer)['prototype']['getConfig']
      >;
    }
  };
}
