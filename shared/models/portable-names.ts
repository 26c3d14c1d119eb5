/**
 * Names of the layers that an exported model has around those that were trained, so that it takes and gives values in
 * the units of the data: by them it is recognized where it is trained further.
 */
export const INPUT_LAYER = 'swarmgrad_standardize';
export const OUTPUT_LAYER = 'swarmgrad_to_unit';

/** Of a model with several inputs or outputs: the layer at the end of this name. */
export const inputLayerOf = (name: string): string => `${INPUT_LAYER}_${name}`;
export const outputLayerOf = (name: string): string => `${OUTPUT_LAYER}_${name}`;

export const isInputLayer = (layer: string): boolean =>
  layer === INPUT_LAYER || layer.startsWith(inputLayerOf(''));
export const isOutputLayer = (layer: string): boolean =>
  layer === OUTPUT_LAYER || layer.startsWith(outputLayerOf(''));

/** How an output is called that ends in a layer: as before an export put one of ours behind it. */
export const outputNameOf = (layer: string): string =>
  layer.startsWith(outputLayerOf('')) ? layer.slice(outputLayerOf('').length) : layer;
