/** The engines that a Node worker may have, fastest first. What is missing is found out by starting it. */
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Manifest } from '../../shared/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import type { Candidate } from '../engine/choose.js';
import type { Program } from '../engine/compiled/program.js';
import { createEagerEngine } from '../engine/eager.js';
import type { Engine } from '../engine/engine.js';
import { installWasmKernels } from '../engine/wasm-kernels.js';
import { startCompiledCpu, startCompiledWasm } from './compiled.js';

export interface EngineSubject {
  model: ModelDescription;
  manifest: Pick<Manifest, 'x' | 'y' | 'label' | 'normalisation'>;
  /** Samples of one shard of the run. */
  shardSamples: number;
  /** The model's graphs; without them the compiled engine traces the model itself. */
  program?: Program;
}

export function engineCandidates(subject: EngineSubject): Candidate[] {
  return [
    { name: 'compiled/cpu', start: () => startCompiledCpu(subject) },
    { name: 'eager/node-gpu', start: () => startNative('@tensorflow/tfjs-node-gpu', 'node-gpu', subject) },
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

async function startCpu({ model, manifest }: EngineSubject): Promise<Engine> {
  const tf = await import('@tensorflow/tfjs');
  await use(tf, 'cpu');
  // Its exponentials and logarithms are those of the JavaScript engine.
  const engineClass = `eager/cpu@${tf.version.tfjs}+v8`;
  return createEagerEngine({ tf, backend: 'cpu', engineClass, model, manifest });
}

async function startWasm({ model, manifest }: EngineSubject): Promise<Engine> {
  const tf = await import('@tensorflow/tfjs');
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
  packageName: string,
  backend: string,
  { model, manifest }: EngineSubject,
): Promise<Engine> {
  const require = createRequire(import.meta.url);
  try {
    require.resolve(packageName);
  } catch {
    throw new Error(`${packageName} is not installed`);
  }
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 23) throw new Error(`${packageName} does not run on Node ${major}: use Node 20 or 22`);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const tf = require(packageName) as typeof TensorFlow;
  await use(tf, 'tensorflow');
  const device = `${process.arch}-${process.platform}`;
  const engineClass = `eager/${backend}@${tf.version.tfjs}+${device}`;
  return createEagerEngine({ tf, backend, engineClass, model, manifest });
}

async function use(tf: typeof TensorFlow, backend: string): Promise<void> {
  // Else TF.js advertises its native backend to whoever runs it on Node.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js cannot start its backend ${backend} here`);
  await tf.ready();
}
