/**
 * Gradients that replace TF.js's own while a trace runs, since those would bloat the graph: one of `Tile`
 * that slices once for each repetition, and normalization by a value's own mean and variance, whose gradient
 * has a closed form (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016).
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Recorder } from './backend.js';
import { momentsOf } from './moments.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

/** Puts the replacements in; returns what takes them out again. */
export function replaceGradients(tf: Tf, recorder: Recorder): () => void {
  const originals = ['Tile', 'FusedBatchNorm'].map((name) => tf.getGradient(name));
  tf.registerGradient(tileGradient(tf));
  tf.registerGradient(normalizationGradient(tf, recorder, tf.getGradient('FusedBatchNorm')));
  return () => {
    for (const original of originals) tf.registerGradient(original);
  };
}

/** A sum over the repetitions, in two operations. */
function tileGradient(tf: Tf): TensorFlow.GradConfig {
  return {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved as [Tensor];
      const reps = attributes.reps as number[];
      const shape = x.shape.flatMap((length, axis) => [reps[axis]!, length]);
      const axes = x.shape.map((_, axis) => 2 * axis);
      return { x: () => tf.reshape(tf.sum(tf.reshape(dy as Tensor, shape), axes), x.shape) };
    },
  };
}

/**
 * The whole way through mean and variance is inside the closed form: their own gradients are zeros, which
 * constant folding takes out again.
 */
function normalizationGradient(
  tf: Tf,
  recorder: Recorder,
  original: TensorFlow.GradConfig,
): TensorFlow.GradConfig {
  return {
    kernelName: 'FusedBatchNorm',
    inputsToSave: ['x', 'mean', 'variance', 'scale'],
    gradFunc: (dy, saved, attributes) => {
      const [x, mean, variance, scale] = saved as [Tensor, Tensor, Tensor, Tensor | undefined];
      const normalized = momentsOf(recorder.valueOf(x), recorder.valueOf(mean), recorder.valueOf(variance));
      if (!normalized) return original.gradFunc(dy, saved, attributes);
      const kernel = normalized === 'the last axis' ? 'LayerNormGradient' : 'BatchNormGradient';
      const inputs = { dy: dy as Tensor, x, mean, variance, ...(scale ? { scale } : {}) };
      const { varianceEpsilon } = attributes as unknown as { varianceEpsilon: number };
      let computed: Tensor[] | undefined;
      const closed = () => {
        computed ??= tf.engine().runKernel(kernel, inputs, { varianceEpsilon }) as Tensor[];
        return computed;
      };
      const nothing = (tensor: Tensor) => () => tf.zerosLike(tensor);
      return {
        x: () => closed()[0]!,
        mean: nothing(mean),
        variance: nothing(variance),
        scale: () => closed()[1]!,
        offset: () => (kernel === 'LayerNormGradient' ? tf.reshape(dy as Tensor, mean.shape) : closed()[2]!),
      };
    },
  };
}
