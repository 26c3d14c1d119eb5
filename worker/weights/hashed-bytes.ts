/** What is hashed to compare weights with the coordinator's. */
import type { Layout } from '../../shared/numerics/layout.js';

/** The bytes of a flat vector without its frozen end. A copy: browsers do not hash memory that is shared. */
export const bytesOf = (weights: Float32Array, { moving }: Layout): Uint8Array =>
  new Uint8Array(weights.slice(0, moving).buffer);
