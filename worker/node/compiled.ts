/** The compiled engine in Node: which runtimes there are, and graphs from the coordinator or from a trace. */
import type * as OrtNode from 'onnxruntime-node';
import { CompiledEngine } from '../engine/compiled/engine.js';
import type { Graph } from '../engine/compiled/graph.js';
import { PORTABLE, targetName } from '../engine/compiled/lower/target.js';
import type { GraphWanted, Runtime } from '../engine/compiled/runtime.js';
import type { Engine } from '../engine/engine.js';
import type { EngineSubject } from './engines.js';

/** ONNX Runtime's own processor kernels. One thread: with two, some models give other bits. */
export async function startCompiledCpu(subject: EngineSubject): Promise<Engine> {
  const ort = (await import('onnxruntime-node')).default as typeof OrtNode;
  const target = PORTABLE;
  const version = (ort.env.versions as { node?: string }).node;
  return start(subject, {
    name: 'compiled/cpu',
    engineClass: `compiled/cpu@${version}+${process.arch}+${targetName(target)}+t1`,
    target,
    ort,
    session: {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    },
  });
}

async function start(subject: EngineSubject, runtime: Runtime): Promise<Engine> {
  const { model, manifest, shardSamples } = subject;
  const engine = new CompiledEngine({ runtime, model, manifest, graphFor: graphsOf(subject) });
  // Now, so that a model that cannot be compiled is told at the start.
  await engine.prepare(
    shardSamples > 0 ? { kind: 'gradient', samples: shardSamples } : { kind: 'evaluation', samples: 1 },
  );
  return engine;
}

function graphsOf({ model, manifest }: EngineSubject): (wanted: GraphWanted) => Promise<Graph> {
  return async (wanted) => {
    const tf = await import('@tensorflow/tfjs');
    const { createTracer } = await import('../engine/compiled/trace/trace-source.js');
    tf.env().set('IS_TEST', false);
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
