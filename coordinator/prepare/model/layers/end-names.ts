/** The names of a model's inputs and outputs, read from its topology. */
import { outputNameOf } from '../../../../shared/models/portable-names.js';
import type { EndNames } from '../../data/source.js';
import type { Topology } from './topology-json.js';

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

/** The layer names in references such as `["dense", 0, 0]`, at any depth. */
function namesIn(references: unknown): string[] {
  if (!Array.isArray(references)) return [];
  return typeof references[0] === 'string' ? [references[0]] : references.flatMap(namesIn);
}
