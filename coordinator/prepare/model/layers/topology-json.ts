/** A model's topology as TF.js writes it: JSON, of which nothing is known before it is checked. */
export type Topology = { [key: string]: unknown };
