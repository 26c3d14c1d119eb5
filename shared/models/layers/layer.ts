/**
 * What the layers of our own share. Each is one file with a function that makes its class from the TF.js
 * that is handed in. They are made of kernels that every backend has with a gradient: no gather, no tile.
 */
import type * as TensorFlow from '@tensorflow/tfjs';

/** TF.js, whichever a program has loaded. */
export type Tf = typeof TensorFlow;
export type Initializer = ReturnType<typeof TensorFlow.initializers.zeros>;
/** What a layer is called with. */
export type Inputs = TensorFlow.Tensor | TensorFlow.Tensor[];
export type Shapes = TensorFlow.Shape | TensorFlow.Shape[];
type Layer = TensorFlow.layers.Layer;
export type LayerArgs = NonNullable<ConstructorParameters<typeof TensorFlow.layers.Layer>[0]>;

/** A layer's class, as TF.js registers it. */
export interface LayerClass<Args extends object> {
  new (args: Args): Layer;
  className: string;
  fromConfig: TensorFlow.serialization.FromConfigMethod<Layer>;
}

/** An initializer as it stands in a topology; its seed is filled in there (coordinator/prepare/model/seeds.ts). */
export type InitializerConfig = { className: string; config: TensorFlow.serialization.ConfigDict };

export const normal = (stddev: number): InitializerConfig => ({
  className: 'RandomNormal',
  config: { mean: 0, stddev, seed: null },
});

/** Draws uniformly between -bound and bound. */
export const uniform = (bound: number): InitializerConfig => ({
  className: 'RandomUniform',
  config: { minval: -bound, maxval: bound, seed: null },
});

/** The initializer that a configuration names. */
export function initializerOf(tf: Tf, { className, config }: InitializerConfig): Initializer {
  const [initializer, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className]!;
  return fromConfig(initializer, config) as Initializer;
}

/** The one tensor that a layer with one input is called with. */
export const only = (inputs: Inputs): TensorFlow.Tensor => (Array.isArray(inputs) ? inputs[0]! : inputs);

/** The shape of the one input. */
export const onlyShape = (shape: Shapes): TensorFlow.Shape =>
  Array.isArray(shape[0]) ? shape[0] : (shape as TensorFlow.Shape);

/** A class of TF.js's own layers, to be extended. */
export function classOf<Args extends object>(tf: Tf, className: string): LayerClass<Args> {
  return tf.serialization.SerializationMap.getMap().classNameMap[
    className
  ]![0] as unknown as LayerClass<Args>;
}
