/**
 * Layers of TF.js 4.22 that do something else than what their options say, put right: the same in every engine, and
 * wherever a model is built or loaded.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { mix } from '../../../numerics/random.js';
import { only, type Tf } from '../layer.js';
import { stretchDilated } from './dilation.js';
import { averageOfUnmasked, type Call, ownMasks } from './masks.js';

type Layer = TensorFlow.layers.Layer;
type Masks = TensorFlow.Tensor[] | TensorFlow.Tensor | null;

const corrected = new WeakSet<object>();

export function correctLayers(tf: Tf): void {
  const classes = tf.serialization.SerializationMap.getMap().classNameMap;
  const prototypeOf = (name: string) => classes[name]![0].prototype as Layer;
  const change = (name: string, changed: (call: Call) => Call) => {
    const prototype = prototypeOf(name) as unknown as { call: Call };
    prototype.call = changed(prototype.call);
  };
  // One `tf` may be had as several objects.
  if (corrected.has(prototypeOf('RNN'))) return;
  corrected.add(prototypeOf('RNN'));
  change('BatchNormalization', frozenStatistics);
  change('RNN', freshMasks(tf));
  change('ThresholdedReLU', thresholdWithGradient(tf));
  change('GlobalAveragePooling1D', averageOfUnmasked(tf));
  ownMasks(tf.layers.Layer.prototype as never);
  stretchDilated(tf, prototypeOf);
  drawApart(prototypeOf('Bidirectional') as unknown as Both);
}

/** A frozen one normalizes as in inference, and its moving statistics stay: TF.js asks only whether one trains. */
const frozenStatistics = (call: Call): Call =>
  function (inputs, kwargs) {
    return call.call(this, inputs, this.trainable ? kwargs : { ...kwargs, training: false });
  };

/** TF.js draws the masks of cells once and for all, where they stand in an RNN that is not named after its cell. */
const freshMasks =
  (tf: Tf) =>
  (call: Call): Call =>
    function (inputs, kwargs) {
      const { cell } = this as unknown as { cell: Cell };
      for (const own of cell.cells ?? [cell]) {
        for (const mask of [own.dropoutMask, own.recurrentDropoutMask]) if (mask) tf.dispose(mask);
        own.dropoutMask = own.recurrentDropoutMask = null;
      }
      return call.call(this, inputs, kwargs);
    };

interface Cell {
  cells?: Cell[];
  /** Drawn in the first of a pass's steps, and kept. */
  dropoutMask: Masks;
  recurrentDropoutMask: Masks;
}

/** TF.js multiplies by a comparison, which has no gradient. */
const thresholdWithGradient = (tf: Tf) => (): Call =>
  function (inputs) {
    const { theta } = this as unknown as { theta: number };
    return tf.tidy(() => tf.mul(only(inputs), tf.step(tf.sub(only(inputs), theta))));
  };

/** What TF.js's Bidirectional has: two layers by the same configuration, the seeds of their initializers too. */
interface Both {
  backwardLayer: Holder;
  build(shape: TensorFlow.Shape | TensorFlow.Shape[]): void;
}

/** A layer or a cell, with what it holds. */
type Holder = { cell?: Holder; cells?: Holder[] } & Record<string, unknown>;

/** So the two would begin with the same weights, and learn the same where a text reads alike from both ends. */
function drawApart(prototype: Both): void {
  const { build } = prototype;
  prototype.build = function (shape) {
    reseed(this.backwardLayer);
    build.call(this, shape);
  };
}

function reseed({ cell, cells = [], ...own }: Holder): void {
  for (const [name, value] of Object.entries(own)) {
    const { seed } = (value ?? {}) as { seed?: unknown };
    // TF.js takes a seed of 0 for none.
    if (name.endsWith('Initializer') && typeof seed === 'number')
      (value as { seed: number }).seed = mix(seed, BACKWARD) || 1;
  }
  for (const inner of cell ? [cell] : cells) reseed(inner);
}

const BACKWARD = 1;
