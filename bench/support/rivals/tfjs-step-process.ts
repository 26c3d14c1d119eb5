/** A process that makes training steps by TF.js's wasm backend as it is published: bench/support/tfjs-step.ts. */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { messageOf } from '../../../shared/user-error.js';
import type { BenchSubject } from '../cases.js';
import type { TfjsAnswer } from './tfjs-step.js';

const answer = (message: TfjsAnswer) => process.send!(message);

process.once('message', async (subject: BenchSubject) => {
  const { model, manifest, weights, batchOfRecords } = subject;
  tf.enableProdMode();
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  const engine = await createEagerEngine({ tf, backend: 'wasm', engineClass: 'plain', model, manifest });
  await engine.setWeights(weights);
  const into = new Float32Array(layoutOf(model.weights).total);
  process.on('message', async () => {
    const started = performance.now();
    const processor = process.cpuUsage();
    try {
      await engine.gradient(batchOfRecords, 1, into);
      const { user, system } = process.cpuUsage(processor);
      answer({ ms: performance.now() - started, cpuMs: (user + system) / 1000 });
    } catch (error) {
      answer({ refused: messageOf(error) });
    }
  });
  answer('ready');
});
