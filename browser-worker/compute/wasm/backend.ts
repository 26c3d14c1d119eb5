/** TF.js's wasm backend in a browser: binaries from our own server, one thread. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { wasmPaths } from './paths.js';

/** @returns whether `tf` computes with it from now on */
export async function startWasmBackend(tf: typeof TensorFlow): Promise<boolean> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(wasmPaths);
  // Its threads do nothing but wait, and its result must not depend on them.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const started = await tf.setBackend('wasm');
  await tf.ready();
  return started;
}
