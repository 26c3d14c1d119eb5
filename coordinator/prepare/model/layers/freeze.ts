/** Which layers `--freeze` keeps as they are: by patterns of their names. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';
import { freezeInner } from './frozen.js';

type Layer = TensorFlow.layers.Layer;

/** How many names an error lists. */
const MAX_NAMES = 30;

/**
 * Freezes each layer whose name matches a pattern, and all within it.
 * @param patterns names, in which `*` stands for any letters and `?` for one
 * @returns the names of the layers that they match
 * @throws UserError for a pattern that matches no layer with weights
 */
export function freezeMatching(model: TensorFlow.LayersModel, patterns: readonly string[]): string[] {
  const layers = withInner(model as unknown as Layer).filter((layer) => layer.weights.length > 0);
  const frozen = new Set<Layer>();
  for (const pattern of patterns) {
    const isMeant = matcher(pattern);
    const matching = layers.filter(({ name }) => isMeant(name));
    if (matching.length === 0) throw new UserError(nothingMatches(pattern, layers), 2);
    for (const layer of matching) frozen.add(layer);
  }
  for (const layer of frozen) layer.trainable = false;
  freezeInner(model as unknown as Layer);
  return [...frozen].map(({ name }) => name);
}

/** The layers of a model, and those of models within it. */
function withInner(model: Layer): Layer[] {
  const { layers = [] } = model as unknown as { layers?: Layer[] };
  return layers.flatMap((layer) => [layer, ...withInner(layer)]);
}

function matcher(pattern: string): (name: string) => boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return (name) => expression.test(name);
}

function nothingMatches(pattern: string, layers: readonly Layer[]): string {
  const names = layers.map(({ name }) => name);
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : '';
  const listed = `${names.slice(0, MAX_NAMES).join(', ')}${more}`;
  return `--freeze ${pattern}: no layer with weights is called so: there are ${listed}${didYouMean(pattern, names)}`;
}
