/** A model file that is trained further: layers that stay as they are, and a new last layer. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { ModelShapes } from '../../zoo/model.js';
import { freezeMatching } from '../layers/freeze.js';
import { withNewHead } from '../layers/head.js';
import { type Topology, topologyOf } from '../layers/topology-json.js';
import { withoutReplaced } from './from-weights.js';
import { type GivenWeights, weightsKept } from './given-weights.js';

export interface Tuning {
  /** Patterns of the names of layers that stay as they are. */
  freeze: readonly string[];
  /** Whether the last layer is made anew. */
  head: boolean;
}

/** @param why completes "..., and" */
export const noWeights = (why: string): string =>
  `--freeze and --head train a model further that has weights, and ${why}: give --from RUN_DIR, or a model file with weights beside it`;

/**
 * @param from the file of the weights, where it is not that of the layers
 * @throws UserError where a pattern names no layer, or the model ends in a way that has no new last layer
 */
export function tuned(
  tf: typeof TensorFlow,
  built: TensorFlow.LayersModel,
  given: GivenWeights,
  shapes: ModelShapes,
  { freeze, head }: Tuning,
  from?: string,
): { topology: Topology; given: GivenWeights; notes: string[] } {
  const frozen = freezeMatching(built, freeze);
  const notes = frozen.length > 0 ? [`layers that stay as they are: ${frozen.join(', ')}`] : [];
  if (!head) return { topology: topologyOf(built), given, notes };
  const found = withNewHead(tf, built, shapes);
  notes.push(`a new last layer, ${found.name}, takes the place of ${found.replaced}`);
  const topology = topologyOf(found.model);
  if (from === undefined) return { topology, given: weightsKept(built, given, found), notes };
  const { kept, dropped } = withoutReplaced(built, found.model, given);
  if (dropped.length > 0)
    notes.push(
      `--from ${from}: not taken, since the last layer is new: ${dropped.map(({ name }) => name).join(', ')}`,
    );
  return { topology, given: { ...given, weights: kept, newLayer: found.name }, notes };
}
