/**
 * The compiled engine on a graphics processor: ONNX Runtime's build with WebGPU, nearly twice as large as the
 * one without. Loaded only where it is tried.
 */
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import * as ort from 'onnxruntime-web/webgpu';
import { PORTABLE_GPU } from '../../engine/compiled/lower/target.js';
import { JOINING } from '../../engine/compiled/runtime.js';
import { type CompiledSubject, startCompiled } from '../../engine/compiled/start.js';
import type { Engine } from '../../engine/engine.js';
import { loadTf } from './compiled.js';
import { type Gpu, nameOfGpu } from './gpu.js';
import { engineAt } from './wasm/engine-at.js';

export interface WebGpuOptions {
  subject: CompiledSubject;
  /** Its address. */
  coordinator: string;
  gpu: Gpu;
  /** Hears that the device is gone, and why: nothing that it has in hand will ever come. */
  lost(why: string): void;
}

export async function startCompiledWebGpu({
  subject,
  coordinator,
  gpu,
  lost,
}: WebGpuOptions): Promise<Engine> {
  // What no kernel computes on the GPU runs on the processor, on one thread.
  ort.env.wasm.numThreads = 1;
  Object.assign(ort.env.wasm, await engineAt(wasm, coordinator));
  ort.env.logLevel = 'error';
  const runtime = {
    name: 'compiled/webgpu',
    engineClass: `compiled/webgpu@${ort.env.versions.web}+${nameOfGpu(gpu)}`,
    target: PORTABLE_GPU,
    ort,
    session: {
      executionProviders: ['webgpu'],
      preferredOutputLocation: 'cpu',
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    },
    joining: JOINING,
  } as const;
  const engine = await startCompiled(subject, runtime, loadTf);
  const device = (await ort.env.webgpu.device) as unknown as {
    lost: Promise<{ reason?: string; message: string }>;
  };
  device.lost.then(({ reason, message }) => {
    // `destroyed` is our own doing.
    if (reason !== 'destroyed') lost(`the WebGPU device was lost: ${message}`);
  });
  return engine;
}
