/** TF.js for a command that only predicts: on its wasm backend, or `cpu` where there is no wasm. */
import type * as TensorFlow from '@tensorflow/tfjs';

export async function useBackend(tf: typeof TensorFlow): Promise<void> {
  // Otherwise TF.js prints an advertisement for its native backend on Node.
  tf.enableProdMode();
  await import('@tensorflow/tfjs-backend-wasm');
  // Its threads would keep the process alive and gain nothing here.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) await tf.setBackend('cpu');
  await tf.ready();
}
