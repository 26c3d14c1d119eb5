/**
 * swarmgrad/layers: the layers of our own for any TF.js program, in Node or in a page, that loads an exported model.
 * Imports no module of Node, and TF.js for its types alone: the caller's own is handed in.
 *
 * @module swarmgrad/layers
 */
export type { NormalizationArgs } from './shared/models/layers/corrected/normalization.js';
export type { InitializerConfig, LayerClass, Tf } from './shared/models/layers/layer.js';
export { type Layers, registerLayers } from './shared/models/layers.js';
