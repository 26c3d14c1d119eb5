/** The compiled engine in Node: which runtimes there are, and graphs from the coordinator or from a trace. */
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as OrtNode from 'onnxruntime-node';
import { messageOf } from '../../shared/user-error.js';
import { probeBlockSize } from '../compiled/block-size.js';
import { blockedTarget, PORTABLE, PORTABLE_GPU, targetName } from '../compiled/lower/target.js';
import { JOINING, JOINING_ON_DEVICE, type Runtime } from '../compiled/runtime.js';
import { type CompiledSubject, startCompiled } from '../compiled/start.js';
import type { Engine } from '../engine.js';
import { gpuNames } from './gpu/names.js';
import { missingLoader, vulkanDrivers } from './gpu/vulkan.js';
import { loadTensorFlow } from './tensorflow.js';

/** ONNX Runtime's own processor kernels. With two threads, some models give other bits than with one. */
export async function startCompiledCpu(subject: CompiledSubject, threads: number): Promise<Engine> {
  return startCompiled(subject, await cpuRuntime(threads), loadTf);
}

/**
 * ONNX Runtime in WebAssembly: the universal engine class. Its SIMD is deterministic by specification and one
 * thread adds in one order, so Node and every browser, on every processor, give the same bits.
 */
export async function startCompiledWasm(subject: CompiledSubject): Promise<Engine> {
  return startCompiled(subject, await wasmRuntime(), loadTf);
}

export async function wasmRuntime(): Promise<Runtime> {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return {
    name: 'compiled/wasm',
    engineClass: `compiled/wasm@${ort.env.versions.web}`,
    target: PORTABLE,
    ort,
    // Its optimizer must not join what the same graph keeps apart in browsers.
    session: { executionProviders: ['wasm'], graphOptimizationLevel: 'disabled', logSeverityLevel: 3 },
    joining: JOINING,
  };
}

/**
 * A graphics processor: through WebGPU (Dawn, within the package) where a driver for Vulkan, Metal or D3D12 is,
 * or NVIDIA's by CUDA 12, whose libraries `ONNXRUNTIME_NODE_INSTALL=true npm rebuild onnxruntime-node` fetches.
 * @throws Error that says why it does not start, in the provider's own words
 */
export async function startCompiledGpu(subject: CompiledSubject, provider: GpuProvider): Promise<Engine> {
  const runtime = await gpuRuntime(provider);
  return startCompiled(subject, runtime, loadTf).catch((error) => {
    throw new Error(whyNot(provider, messageOf(error)), { cause: error });
  });
}

type GpuProvider = 'webgpu' | 'cuda';

/** Those of a library say in which of its source files they were thrown; what people can use comes last. */
const OWN_WORDS = /(?:was false\. |: )(Failed to .*)$/s;

function whyNot(provider: GpuProvider, message: string): string {
  const own = (OWN_WORDS.exec(message)?.[1] ?? message).trim();
  if (provider === 'cuda') return `CUDA did not start: ${own}`;
  if (!/adapter/i.test(own)) return own;
  if (process.platform !== 'linux') return `WebGPU found no graphics processor: ${own}`;
  const drivers = vulkanDrivers(process.env).join(', ') || 'none';
  return `WebGPU found no graphics processor: ${own} (drivers for Vulkan here: ${drivers})`;
}

export async function gpuRuntime(provider: GpuProvider): Promise<Runtime> {
  const ort = await loadNode();
  const offered = ort.listSupportedBackends().map(({ name }) => name);
  if (!offered.includes(provider)) throw new Error(`this build of ONNX Runtime has no ${provider}`);
  if (provider === 'cuda' && !(await hasCudaLibrary())) {
    throw new Error("ONNX Runtime's library for CUDA is not installed");
  }
  const missing = provider === 'webgpu' && process.platform === 'linux' ? missingLoader() : undefined;
  if (missing) throw new Error(`WebGPU needs Vulkan's loader, in Debian's package libvulkan1: ${missing}`);
  return {
    name: `compiled/${provider}`,
    engineClass: `compiled/${provider}@${versionOf(ort)}+${process.platform}-${process.arch}+${gpuNames()}`,
    target: PORTABLE_GPU,
    ort,
    session: {
      // Read at once: what is left on the device cannot be read later, which would end the process.
      executionProviders: [{ name: provider }, 'cpu'],
      preferredOutputLocation: 'cpu',
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    },
    // CUDA's libraries choose an algorithm for each operator by timing it: twins in one graph might add differently.
    ...(provider === 'webgpu' ? { joining: JOINING_ON_DEVICE, keepsOnDevice: true } : {}),
  };
}

/** Where it was not fetched, an empty file keeps its place (scripts/no-download.mjs): trying that prints errors. */
async function hasCudaLibrary(): Promise<boolean> {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const folder = join(root, 'bin/napi-v6', process.platform, process.arch);
  const file = await stat(join(folder, 'libonnxruntime_providers_cuda.so')).catch(() => undefined);
  return file !== undefined && file.size > 0;
}

const versionOf = ({ env }: typeof OrtNode): string => (env.versions as { node: string }).node;

async function loadNode(): Promise<typeof OrtNode> {
  // Else it sends what it runs, and an identifier of this machine, to its maker, and leaves files in the home,
  // temporary and working folders. Read when its first session starts; setting it to 0 allows telemetry.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const module = await import('onnxruntime-node');
  // CommonJS: loaders differ in where they put its exports.
  return (module.default as typeof OrtNode | undefined) ?? module;
}

/** @param threads within one operator; they belong to the engine class */
export async function cpuRuntime(threads = 1): Promise<Runtime> {
  const ort = await loadNode();
  const session: Runtime['session'] = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Its optimizer would join the transposes of the blocked filter gradient into one that is slow.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  };
  const blockSize = await probeBlockSize({ ort, session });
  const target = blockSize > 0 ? blockedTarget(blockSize) : PORTABLE;
  const engineClass = `compiled/cpu@${versionOf(ort)}+${process.arch}+${targetName(target)}+t${threads}`;
  return { name: 'compiled/cpu', engineClass, target, ort, session, joining: JOINING };
}

const loadTf = async () => loadTensorFlow();
