/** A model's training step from its description: the same for the engine that runs it and for the one that traces it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { LabelKind } from '../../shared/data/manifest.js';
import { inOrderOf } from '../../shared/data/named-parts.js';
import type { ModelDescription, TrainedOutput } from '../../shared/models/description.js';
import { lastActivation } from '../../shared/models/last-activation.js';
import { loadBlank } from '../../shared/models/load.js';
import { weightsInOrder } from '../../shared/models/weights-in-order.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { correctGradients } from './corrected-gradients.js';
import { type OutputStep, outputPlaces } from './ends.js';
import { type ModelStep, takeLastActivation } from './model-step.js';
import { scoring, type Taken } from './scores.js';
import { replayer } from './traced/replay.js';

/** @returns the step; its model is the caller's to dispose */
export async function openModel<Manifest extends ModelStep['manifest'] & { label: LabelKind }>(
  tf: typeof TensorFlow,
  description: ModelDescription,
  manifest: Manifest,
): Promise<ModelStep & { manifest: Manifest }> {
  const { topology, loss, labelSmoothing, classWeights, tracedLoss, scored, weights: specs } = description;
  correctGradients(tf);
  const model = await loadBlank(tf, topology, layoutOf(specs).total);
  const weights = weightsInOrder(model, specs);
  const opened = { tf, model, weights, classWeights, manifest };
  if (description.outputs)
    return { ...opened, outputs: severalOutputs(tf, model, description.outputs, manifest) };
  const end = lastActivation(model);
  const output = { label: manifest.label, loss, weight: 1, labelSmoothing };
  if (!tracedLoss) {
    const fromLogits = takeLastActivation(tf, model, loss);
    const isTaken = fromLogits && end !== 'linear';
    const scores = scored && scoring(scored, isTaken ? (end as Taken) : undefined);
    return { ...opened, scores, outputs: [{ ...output, fromLogits }] };
  }
  // A traced loss is given what the model gives.
  const fromLogits = manifest.label.kind !== 'value' && end === 'linear';
  const scores = scored && scoring(scored);
  return { ...opened, ownLoss: replayer(tracedLoss), scores, outputs: [{ ...output, fromLogits }] };
}

function severalOutputs(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  outputs: readonly TrainedOutput[],
  { named }: ModelStep['manifest'],
): OutputStep[] {
  const parts = named ?? { inputs: [], outputs: [] };
  const trained = inOrderOf(
    parts.outputs.map(({ name }) => name),
    outputs,
  );
  const places = outputPlaces(model, parts);
  return trained.map(({ part: { loss, weight, labelSmoothing } }, i) => ({
    ...{ label: parts.outputs[i]!.label, loss, weight, labelSmoothing },
    fromLogits: takeLastActivation(tf, model, loss, places[i]!),
  }));
}
