/** A model's training step from its description: the same for the engine that runs it and for the one that traces it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { ModelDescription } from '../../shared/models/description.js';
import { lastActivation } from '../../shared/models/last-activation.js';
import { loadBlank } from '../../shared/models/load.js';
import { weightsInOrder } from '../../shared/models/weights-in-order.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { correctGradients } from './corrected-gradients.js';
import { type ModelStep, takeLastActivation } from './model-step.js';
import { scoring, type Taken } from './scores.js';
import { replayer } from './traced/replay.js';

/** @returns the step; its model is the caller's to dispose */
export async function openModel<Manifest extends ModelStep['manifest']>(
  tf: typeof TensorFlow,
  { topology, loss, labelSmoothing, classWeights, tracedLoss, scored, weights: specs }: ModelDescription,
  manifest: Manifest,
): Promise<ModelStep & { manifest: Manifest }> {
  correctGradients(tf);
  const model = await loadBlank(tf, topology, layoutOf(specs).total);
  const weights = weightsInOrder(model, specs);
  const end = lastActivation(model);
  const opened = { tf, model, weights, loss, labelSmoothing, classWeights, manifest };
  if (!tracedLoss) {
    const fromLogits = takeLastActivation(tf, model, loss);
    const taken = fromLogits && end !== 'linear' ? (end as Taken) : undefined;
    return { ...opened, scores: scored && scoring(scored, taken), fromLogits };
  }
  // A traced loss is given what the model gives.
  const fromLogits = manifest.label.kind !== 'value' && end === 'linear';
  return { ...opened, ownLoss: replayer(tracedLoss), scores: scored && scoring(scored), fromLogits };
}
