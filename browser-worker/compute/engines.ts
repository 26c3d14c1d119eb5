/** The engines that a browser may have, fastest first. What is missing is found out by starting it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Candidate } from '../../engine/choose.js';
import type { CompiledSubject } from '../../engine/compiled/start.js';
import { createEagerEngine } from '../../engine/eager/engine.js';
import { installWasmKernels } from '../../engine/eager/kernels/wasm-kernels.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineName } from '../../shared/engines/engines.js';
import { type Gpu, nameOfGpu, rendererOf, type WebGl } from './gpu.js';
import { startWasmBackend } from './wasm/backend.js';

const NO_WEBGPU = 'this browser, or a page on plain http, has no WebGPU';

export interface BrowserEnginesOptions {
  subject: CompiledSubject;
  /** The coordinator's address. */
  coordinator: string;
  /** False after the GPU was lost too often. */
  withGpu: boolean;
  /** What WebGPU offers, if anything, and what WebGL. */
  gpu: Gpu | undefined;
  webGl: WebGl | undefined;
  /** The GPU is gone, and with it the engine: nothing that it has in hand will ever come. */
  lost(why: string): void;
}

/** A volunteer waits for the choice: TF.js and the like are not even loaded where they cannot win. */
export function engineCandidates(options: BrowserEnginesOptions): Candidate<EngineName>[] {
  const gpu: Candidate<EngineName>[] = [
    {
      name: 'compiled/webgpu',
      // Several megabytes to load.
      lastResort: options.gpu?.isSoftware ?? true,
      start: () => startCompiledWebGpu(options),
    },
    // Where they are missing they are tried, to be told of.
    { name: 'eager/webgpu', lastResort: options.gpu?.isSoftware ?? false, start: () => startWebGpu(options) },
    { name: 'eager/webgl', lastResort: options.webGl?.isSoftware ?? false, start: () => startWebGl(options) },
  ];
  return [
    { name: 'compiled/wasm', start: () => startCompiledWasm(options) },
    ...(options.withGpu ? gpu : []),
    // Slower than the compiled one on every model of `bench engine`.
    { name: 'eager/wasm', lastResort: true, start: () => startWasm(options) },
    { name: 'eager/cpu', lastResort: true, start: () => startCpu(options) },
  ];
}

async function startCompiledWasm({ subject, coordinator }: BrowserEnginesOptions): Promise<Engine> {
  const { startCompiledInBrowser } = await import('./compiled.js');
  return startCompiledInBrowser(subject, coordinator);
}

async function startCompiledWebGpu({
  subject,
  coordinator,
  gpu,
  lost,
}: BrowserEnginesOptions): Promise<Engine> {
  if (!gpu) throw new Error(NO_WEBGPU);
  const { startCompiledWebGpu } = await import('./compiled-webgpu.js');
  return startCompiledWebGpu({ subject, coordinator, gpu, lost });
}

async function startWebGpu(options: BrowserEnginesOptions): Promise<Engine> {
  if (!options.gpu) throw new Error(NO_WEBGPU);
  const { tf } = await import('./tensorflow.js');
  await import('@tensorflow/tfjs-backend-webgpu');
  await use(tf, 'webgpu');
  const { device } = tf.backend() as unknown as {
    device: { lost: Promise<{ reason?: string; message: string }> };
  };
  device.lost.then(({ reason, message }) => {
    // `destroyed` is our own doing.
    if (reason !== 'destroyed') options.lost(`the WebGPU device was lost: ${message}`);
  });
  return eager(tf, 'webgpu', nameOfGpu(options.gpu), options);
}

async function startWebGl(options: BrowserEnginesOptions): Promise<Engine> {
  const { tf } = await import('./tensorflow.js');
  await import('@tensorflow/tfjs-backend-webgl');
  await use(tf, 'webgl');
  if (!(await tf.env().getAsync('WEBGL_RENDER_FLOAT32_ENABLED'))) {
    throw new Error('this GPU draws in half precision only, too coarse for training');
  }
  const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu;
  gl.canvas.addEventListener('webglcontextlost', () => options.lost('the WebGL context was lost'));
  return eager(tf, 'webgl', rendererOf(gl), options);
}

async function startWasm(options: BrowserEnginesOptions): Promise<Engine> {
  if (typeof WebAssembly === 'undefined') throw new Error('this browser has no WebAssembly');
  const { tf } = await import('./tensorflow.js');
  tf.enableProdMode();
  if (!(await startWasmBackend(tf))) throw new Error('TF.js cannot start its backend wasm here');
  installWasmKernels(tf);
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'simd' : 'scalar';
  return eager(tf, 'wasm', simd, options);
}

async function startCpu(options: BrowserEnginesOptions): Promise<Engine> {
  const { tf } = await import('./tensorflow.js');
  await import('@tensorflow/tfjs-backend-cpu');
  await use(tf, 'cpu');
  return eager(tf, 'cpu', javaScriptEngine(), options);
}

/** `device` is what decides the bits, beside the version. */
function eager(
  tf: typeof TensorFlow,
  backend: string,
  device: string,
  { subject }: BrowserEnginesOptions,
): Promise<Engine> {
  const engineClass = `eager/${backend}@${tf.version.tfjs}+${device}`;
  return createEagerEngine({ tf, backend, engineClass, model: subject.model, manifest: subject.manifest });
}

async function use(tf: typeof TensorFlow, backend: string): Promise<void> {
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js cannot start its backend ${backend} here`);
  await tf.ready();
}

/** Exponentials and logarithms on `cpu` are those of the JavaScript engine. */
function javaScriptEngine(): string {
  const { userAgent } = navigator;
  if (userAgent.includes('Chrome/')) return 'v8';
  return userAgent.includes('Firefox/') ? 'spidermonkey' : 'jsc';
}
