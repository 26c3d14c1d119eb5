/** TF.js as the eager engine needs it, without the parts that it does not: loaded only where that engine is tried. */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import type * as TensorFlow from '@tensorflow/tfjs';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

export const tf = {
  ...core,
  ...layers,
  version: { tfjs: core.version_core },
} as unknown as typeof TensorFlow;
