/** Traces a model's graphs here and now, if the coordinator has not traced them. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { FedRecords } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { openModel } from '../../eager/open-model.js';
import type { Graph } from '../graph/graph.js';
import type { GraphWanted } from '../graph/wanted.js';
import { traceModel } from './trace.js';

export interface Tracer {
  /** @throws Error naming the operation that cannot be traced */
  trace(wanted: GraphWanted): Graph;
  dispose(): void;
}

/** @param tf on a backend that computes at once, such as `cpu` */
export async function createTracer(
  tf: typeof TensorFlow,
  description: ModelDescription,
  manifest: FedRecords,
): Promise<Tracer> {
  const step = await openModel(tf, description, manifest);
  const tried = new Set<GraphWanted['kind']>();
  return {
    trace(wanted) {
      // Texts come in many buckets, of long graphs; all else is few, and each is tried.
      const isTried = wanted.length !== undefined && tried.has(wanted.kind);
      const graph = traceModel({ ...step, ...wanted, isTried });
      tried.add(wanted.kind);
      return graph;
    },
    dispose: () => step.model.dispose(),
  };
}
