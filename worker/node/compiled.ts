/** The compiled engine in Node: which runtimes there are, and graphs from the coordinator or from a trace. */
import type * as OrtNode from 'onnxruntime-node';
import { probeBlockSize } from '../engine/compiled/block-size.js';
import { CompiledEngine } from '../engine/compiled/engine.js';
import type { Graph } from '../engine/compiled/graph.js';
import { blockedTarget, PORTABLE, targetName } from '../engine/compiled/lower/target.js';
import { graphOf } from '../engine/compiled/program.js';
import type { GraphWanted, Runtime } from '../engine/compiled/runtime.js';
import type { Engine } from '../engine/engine.js';
import type { EngineSubject } from './engines.js';

/** ONNX Runtime's own processor kernels. One thread: with two, some models give other bits. */
export async function startCompiledCpu(subject: EngineSubject): Promise<Engine> {
  return startCompiled(subject, await cpuRuntime());
}

/**
 * ONNX Runtime in WebAssembly: the universal engine class. Its SIMD is deterministic by specification and one
 * thread adds in one order, so Node and every browser, on every processor, give the same bits.
 */
export async function startCompiledWasm(subject: EngineSubject): Promise<Engine> {
  return startCompiled(subject, await wasmRuntime());
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
    session: { executionProviders: ['wasm'], logSeverityLevel: 3 },
  };
}

/** @param threads within one operator; they belong to the engine class */
export async function cpuRuntime(threads = 1): Promise<Runtime> {
  const module = await import('onnxruntime-node');
  // CommonJS: loaders differ in where they put its exports.
  const ort = (module.default as typeof OrtNode | undefined) ?? module;
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
  const { node } = ort.env.versions as { node?: string };
  const engineClass = `compiled/cpu@${node}+${process.arch}+${targetName(target)}+t${threads}`;
  return { name: 'compiled/cpu', engineClass, target, ort, session };
}

/** @throws Error naming the operation, if the model cannot be compiled */
export async function startCompiled(subject: EngineSubject, runtime: Runtime): Promise<Engine> {
  const { model, manifest, shardSamples } = subject;
  const engine = new CompiledEngine({ runtime, model, manifest, graphFor: graphsOf(subject) });
  // Now, so that a model that cannot be compiled is told at the start.
  await engine.prepare(
    shardSamples > 0 ? { kind: 'gradient', samples: shardSamples } : { kind: 'evaluation', samples: 1 },
  );
  return engine;
}

/** From the program; sizes that it lacks are traced here, which loads TF.js. */
function graphsOf({ model, manifest, program }: EngineSubject): (wanted: GraphWanted) => Promise<Graph> {
  return async (wanted) => {
    const known = program && graphOf(program, wanted);
    if (known) return known;
    const tf = await import('@tensorflow/tfjs');
    const { createTracer } = await import('../engine/compiled/trace/trace-source.js');
    tf.enableProdMode();
    const backend = tf.getBackend();
    await tf.setBackend('cpu');
    const tracer = await createTracer(tf, model, manifest);
    try {
      return tracer.trace(wanted);
    } finally {
      tracer.dispose();
      if (backend) await tf.setBackend(backend);
    }
  };
}
