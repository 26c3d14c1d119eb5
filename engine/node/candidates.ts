/** The engines that a Node worker may have, fastest first. What is missing is found out by starting it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { EngineName } from '../../shared/engines/engines.js';
import type { Candidate } from '../choose.js';
import type { CompiledSubject } from '../compiled/start.js';
import { createEagerEngine } from '../eager/engine.js';
import { installWasmKernels } from '../eager/kernels/wasm-kernels.js';
import type { Engine } from '../engine.js';
import { startCompiledCpu, startCompiledGpu, startCompiledWasm } from './compiled.js';
import { showsGpu } from './gpu/devices.js';
import { gpuNames } from './gpu/names.js';
import { loadNative, type NativePackage, nativeClass } from './native-tensorflow.js';
import { loadTensorFlow } from './tensorflow.js';

/**
 * @param threads of the engines that can be told how many
 * @param gpu whether a graphics processor is worth trying unasked: where none is, libraries would be loaded in vain
 */
export function engineCandidates(
  subject: CompiledSubject,
  threads = 1,
  gpu = showsGpu(),
): Candidate<EngineName>[] {
  return [
    { name: 'compiled/cpu', threads, start: () => startCompiledCpu(subject, threads) },
    { name: 'eager/node-gpu', start: () => startNative('@tensorflow/tfjs-node-gpu', 'node-gpu', subject) },
    { name: 'compiled/webgpu', lastResort: !gpu, start: () => startCompiledGpu(subject, 'webgpu') },
    { name: 'compiled/cuda', lastResort: !gpu, start: () => startCompiledGpu(subject, 'cuda') },
    // Slower than the ones above wherever those work; so a worker on them need not load TF.js.
    { name: 'compiled/wasm', lastResort: true, start: () => startCompiledWasm(subject) },
    {
      name: 'eager/node',
      lastResort: true,
      start: () => startNative('@tensorflow/tfjs-node', 'node', subject),
    },
    { name: 'eager/wasm', lastResort: true, start: () => startWasm(subject) },
    { name: 'eager/cpu', lastResort: true, start: () => startCpu(subject) },
  ];
}

async function startCpu({ model, manifest }: CompiledSubject): Promise<Engine> {
  const tf = loadTensorFlow();
  await use(tf, 'cpu');
  // Its exponentials and logarithms are those of the JavaScript engine.
  const engineClass = `eager/cpu@${tf.version.tfjs}+v8`;
  return createEagerEngine({ tf, backend: 'cpu', engineClass, model, manifest });
}

async function startWasm({ model, manifest }: CompiledSubject): Promise<Engine> {
  const tf = loadTensorFlow();
  await import('@tensorflow/tfjs-backend-wasm');
  // Its threads do nothing but wait, and its result must not depend on them.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await use(tf, 'wasm');
  installWasmKernels(tf);
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'simd' : 'scalar';
  const engineClass = `eager/wasm@${tf.version.tfjs}+${simd}`;
  return createEagerEngine({ tf, backend: 'wasm', engineClass, model, manifest });
}

/** TensorFlow's own kernels, by an optional package that the user installs. */
async function startNative(
  packageName: NativePackage,
  backend: string,
  { model, manifest }: CompiledSubject,
): Promise<Engine> {
  const tf = loadNative(packageName);
  await use(tf, 'tensorflow');
  const gpu = backend === 'node-gpu' ? `+${gpuNames()}` : '';
  const engineClass = `eager/${backend}@${tf.version.tfjs}+${nativeClass(tf)}${gpu}`;
  return createEagerEngine({ tf, backend, engineClass, model, manifest });
}

async function use(tf: typeof TensorFlow, backend: string): Promise<void> {
  // Otherwise TF.js prints an advertisement for its native backend on Node.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js cannot start its backend ${backend} here`);
  await tf.ready();
}
