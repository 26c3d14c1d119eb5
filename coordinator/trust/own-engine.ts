/** The coordinator as an auditor: it recomputes with its own engine if no trusted worker can. */
import type * as m from '../../shared/protocol/messages.js';
import { Worker } from '../scheduling/worker.js';

/** No worker has this id: they begin at 1. */
const OWN_ID = 0;

export interface Recomputed {
  engineClass: string;
  contribution: m.Contribution;
  /** The gradient sum, chunk by chunk. */
  chunks: Uint8Array[];
}

/** `universal`: the engine whose bits are the same everywhere; `usual`: that of the run, or this machine's fastest. */
export type OwnChoice = 'universal' | 'usual';

export interface CurrentWeights {
  version: number;
  /** A copy; called at once, or never. */
  flat(): Float32Array;
}

export interface OwnEngine {
  /** The worker under which it holds leases. */
  readonly worker: Worker;
  /** Computes the node of a lease with the version that its step reads. */
  compute(lease: m.Lease, weights: CurrentWeights, which: OwnChoice): Promise<Recomputed>;
  close(): Promise<void>;
}

export const ownWorker = (): Worker => new Worker({ id: OWN_ID, name: 'coordinator', kind: 'node' }, 0);
