/** How a model's inputs and outputs are called: by their layers. TF.js's own lists leave out those of a Sequential. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { outputNameOf } from './portable-names.js';

type Model = Pick<TensorFlow.LayersModel, 'inputs' | 'outputs'>;

export const inputNamesOf = ({ inputs }: Pick<Model, 'inputs'>): string[] =>
  inputs.map(({ sourceLayer }) => sourceLayer.name);

/** As before an export put a layer of ours behind some. */
export const outputNamesOf = ({ outputs }: Pick<Model, 'outputs'>): string[] =>
  outputs.map(({ sourceLayer }) => outputNameOf(sourceLayer.name));
