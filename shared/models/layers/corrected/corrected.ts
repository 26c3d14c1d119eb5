/**
 * Layers of TF.js 4.22 that lose options on the way to a topology, or cannot be trained with them, put right in
 * place: their names stay, and what is exported loads in plain TF.js.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { type InitializerConfig, initializerOf, type Tf } from '../layer.js';

type Config = TensorFlow.serialization.ConfigDict;
type FromConfig = (cls: unknown, config: Config, ...rest: unknown[]) => object;

/** The insides of a TF.js class, which its types do not describe. */
// biome-ignore lint/suspicious/noExplicitAny: TF.js exports no types for its layers' insides
type Parts = any;

export function mendLayers(tf: Tf): void {
  const classes = tf.serialization.SerializationMap.getMap().classNameMap as unknown as Record<
    string,
    [cls: { prototype: Parts }, fromConfig: FromConfig]
  >;
  depthwiseConstraint(classes.DepthwiseConv2D![0].prototype);
  separableOptions(tf, classes.SeparableConv2D!);
  normalizationInPart(tf, classes.BatchNormalization![0].prototype);
  cellsKept(classes.RNN!);
}

/** The serialized form of Keras and TF.js. */
const written = (part: Parts) => (part ? { className: part.getClassName(), config: part.getConfig() } : null);

/** Its regularizer is written in the constraint's place. */
function depthwiseConstraint(depthwise: Parts): void {
  const { getConfig } = depthwise;
  depthwise.getConfig = function (this: Parts) {
    return { ...getConfig.call(this), depthwiseConstraint: written(this.depthwiseConstraint) };
  };
}

/** Its depth multiplier is not written, and the second kernel begins as the first one is told to. */
function separableOptions(tf: Tf, entry: [cls: { prototype: Parts }, fromConfig: FromConfig]): void {
  const [{ prototype }, fromConfig] = entry;
  const { getConfig } = prototype;
  prototype.getConfig = function (this: Parts) {
    return { ...getConfig.call(this), depthMultiplier: this.depthMultiplier };
  };
  entry[1] = (cls, config, ...rest) => {
    const layer = fromConfig(cls, config, ...rest) as Parts;
    const own = config.pointwiseInitializer;
    if (own && typeof own === 'object')
      layer.pointwiseInitializer = initializerOf(tf, own as unknown as InitializerConfig);
    return layer;
  };
}

/** Training without scale or center reads weights that the layer does not have: these are 1 and 0. */
function normalizationInPart(tf: Tf, batchNorm: Parts): void {
  const { build } = batchNorm;
  batchNorm.build = function (this: Parts, inputShape: unknown) {
    build.call(this, inputShape);
    const { shape } = this.movingMean as { shape: number[] };
    if (!this.scale) this.gamma = { read: () => tf.ones(shape) };
    if (!this.center) this.beta = { read: () => tf.zeros(shape) };
  };
}

/** Its configuration loses the cells when a layer is made of it: a bidirectional one makes two. */
function cellsKept(entry: [cls: unknown, fromConfig: FromConfig]): void {
  const [, fromConfig] = entry;
  entry[1] = (cls, config, ...rest) => {
    const { customObjects, ...own } = config;
    return fromConfig(cls, structuredClone(own), ...rest);
  };
}
