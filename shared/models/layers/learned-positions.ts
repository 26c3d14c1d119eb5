/** Adds a learned vector to each position: [n, t, width] to the same, where t is fixed when it is built. */
import type { LayerVariable } from '@tensorflow/tfjs';
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

export interface LearnedPositionsArgs extends LayerArgs {
  positionsInitializer: InitializerConfig;
}

export function learnedPositions(tf: Tf): LayerClass<LearnedPositionsArgs> {
  return class LearnedPositions extends tf.layers.Layer {
    static className = 'LearnedPositions';
    private positions!: LayerVariable;

    constructor(private readonly args: LearnedPositionsArgs) {
      super(args);
    }

    override build(inputShape: Shapes): void {
      const initializer = initializerOf(tf, this.args.positionsInitializer);
      this.positions = this.addWeight('positions', onlyShape(inputShape).slice(1), 'float32', initializer);
      this.built = true;
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => tf.add(only(inputs), this.positions.read()));
    }

    override getConfig() {
      return { ...super.getConfig(), positionsInitializer: this.args.positionsInitializer };
    }
  };
}
