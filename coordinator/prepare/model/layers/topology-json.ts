/** A model's topology as TF.js writes it: JSON, of which nothing is known before it is checked. */
import type * as TensorFlow from '@tensorflow/tfjs';

export type Topology = { [key: string]: unknown };

export const topologyOf = (model: TensorFlow.LayersModel): Topology => model.toJSON(null, false) as Topology;
