/** Graphs of a model by tracing it here and now: where nobody has compiled it before. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Manifest } from '../../../../shared/manifest.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { registerLayers } from '../../../../shared/models/layers/layers.js';
import { correctGradients } from '../../corrected-gradients.js';
import { takeLastActivation } from '../../model-step.js';
import type { Graph } from '../graph.js';
import type { GraphWanted } from '../runtime.js';
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
  manifest: Pick<Manifest, 'x' | 'y' | 'label' | 'normalisation'>,
): Promise<Tracer> {
  correctGradients(tf);
  registerLayers(tf);
  const model = await tf.models.modelFromJSON(description.topology as never);
  const { loss } = description;
  const step = { tf, model, loss, manifest, fromLogits: takeLastActivation(tf, model, loss) };
  return {
    trace: (wanted) => traceModel({ ...step, ...wanted }),
    dispose: () => model.dispose(),
  };
}
