/**
 * The compiled engine in a browser: ONNX Runtime's WebAssembly without its parts for GPUs, the same program as
 * in Node, and so the same engine class and the same bits. Loaded only where it is tried.
 */

import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import { PORTABLE } from '../../engine/compiled/lower/target.js';
import { JOINING } from '../../engine/compiled/runtime.js';
import { type CompiledSubject, startCompiled } from '../../engine/compiled/start.js';
import type { Engine } from '../../engine/engine.js';
import { engineAt } from './wasm/engine-at.js';

export async function startCompiledInBrowser(subject: CompiledSubject, coordinator: string): Promise<Engine> {
  // With one thread the additions have one order.
  ort.env.wasm.numThreads = 1;
  Object.assign(ort.env.wasm, await engineAt(wasm, coordinator));
  ort.env.logLevel = 'error';
  const runtime = {
    name: 'compiled/wasm',
    engineClass: `compiled/wasm@${ort.env.versions.web}`,
    target: PORTABLE,
    ort,
    session: {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    },
    joining: JOINING,
  } as const;
  return startCompiled(subject, runtime, loadTf);
}

/** Loads TF.js, which traces the sizes that the coordinator did not trace. */
export async function loadTf() {
  await import('@tensorflow/tfjs-backend-cpu');
  return (await import('./tensorflow.js')).tf;
}
