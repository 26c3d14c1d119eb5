/** The names of a model's inputs and outputs, read from its topology. */
import { outputNameOf } from '../../../../shared/models/portable-names.js';
import type { EndNames } from '../../data/source.js';
import { isModelFile } from '../file/model-spec.js';
import type { Topology } from '../layers/topology-json.js';
import type { ModelSource } from '../topology/request.js';

/** @returns undefined for a sequence of layers, and for what is no model: these have one of each */
export function endNames(topology: Topology): EndNames | undefined {
  const { config } = topology;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const { input_layers, output_layers, inputLayers, outputLayers } = config as Record<string, unknown>;
  const [inputs, outputs] = [
    namesIn(input_layers ?? inputLayers),
    namesIn(output_layers ?? outputLayers).map(outputNameOf),
  ];
  return inputs.length > 0 && outputs.length > 0 ? { inputs, outputs } : undefined;
}

/** Of a model file, or of one that was built before. @returns undefined for all other sources */
export async function namesOfModel(model: ModelSource): Promise<EndNames | undefined> {
  if (typeof model === 'object') return endNames(model.topology);
  if (typeof model === 'function' || !isModelFile(model)) return undefined;
  try {
    const { readTopology } = await import('../file/read.js');
    return endNames(await readTopology(model));
  } catch {
    // Building the model reports what is wrong with its file.
    return undefined;
  }
}

/** The layer names in references such as `["dense", 0, 0]`, at any depth. */
function namesIn(references: unknown): string[] {
  if (!Array.isArray(references)) return [];
  return typeof references[0] === 'string' ? [references[0]] : references.flatMap(namesIn);
}
