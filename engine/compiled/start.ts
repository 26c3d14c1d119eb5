/** Starts a compiled engine on a runtime: graphs come from the coordinator's program, or from a trace. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { FedRecords } from '../../shared/data/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import type { ModelModule } from '../../shared/models/layers/model-module.js';
import type { Engine } from '../engine.js';
import { cuttingToBuckets } from '../lanes/tokens/cut-batches.js';
import { CompiledEngine } from './engine.js';
import type { Graph } from './graph/graph.js';
import type { GraphWanted } from './graph/wanted.js';
import { graphOf, type Program } from './program.js';
import type { Runtime } from './runtime.js';

export interface CompiledSubject {
  model: ModelDescription;
  manifest: FedRecords;
  /** Samples of one shard of the run. */
  shardSamples: number;
  /** The model's graphs; without them the compiled engine traces the model itself. */
  program?: Program;
}

/** Why there is no graph of a model by a module. */
export const isProgram = ({ name }: Pick<ModelModule, 'name'>): string =>
  `the model's forward pass is a program (${name}), which has no graph`;

/**
 * @param loadTf loads TF.js with its `cpu` backend; called only for sizes that the program lacks
 * @throws Error naming the operation that cannot be compiled
 */
export async function startCompiled(
  subject: CompiledSubject,
  runtime: Runtime,
  loadTf: () => Promise<typeof TensorFlow>,
): Promise<Engine> {
  const { model, manifest, shardSamples } = subject;
  if (model.module) throw new Error(isProgram(model.module));
  const engine = new CompiledEngine({ runtime, model, manifest, graphFor: graphsOf(subject, loadTf) });
  const length = manifest.tokens && { length: manifest.tokens.buckets[0]! };
  // Now, so that a model that cannot be compiled is told at the start.
  await engine.prepare(
    shardSamples > 0
      ? { kind: 'gradient', samples: shardSamples, ...length }
      : { kind: 'evaluation', samples: 1, ...length },
  );
  return cuttingToBuckets(engine, manifest);
}

function graphsOf(
  { model, manifest, program }: CompiledSubject,
  loadTf: () => Promise<typeof TensorFlow>,
): (wanted: GraphWanted) => Promise<Graph> {
  return async (wanted) => {
    const known = program && graphOf(program, wanted);
    if (known) return known;
    const tf = await loadTf();
    const { createTracer } = await import('./trace/trace-source.js');
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
