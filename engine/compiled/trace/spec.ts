/** What tracing knows of a tensor, and of a kernel's call, before it is a node of the graph. */
import type { Attributes, Dtype, Shape } from '../graph/graph.js';

export interface Spec {
  shape: Shape;
  dtype: Dtype;
}

export interface Inferred {
  outputs: Spec[];
  attributes?: Attributes;
}

/** Attributes as TF.js gives them: every kernel has its own. */
// biome-ignore lint/suspicious/noExplicitAny: TF.js's attributes have no common type
export type RawAttributes = Record<string, any>;
