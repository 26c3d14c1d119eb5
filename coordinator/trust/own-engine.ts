/** The coordinator as an auditor: what it computes with where no trusted worker is there to recompute. */
import type * as m from '../../shared/protocol/messages.js';
import type { Contributor } from '../participants.js';
import { newMember } from '../work/members.js';

/** No worker has this id: they begin at 1. */
const OWN_ID = 0;

export interface Recomputed {
  engineClass: string;
  contribution: m.Contribution;
  /** The gradient sum, chunk by chunk. */
  chunks: Uint8Array[];
}

export interface CurrentWeights {
  version: number;
  /** A copy; called at once, or never. */
  flat(): Float32Array;
}

export interface OwnEngine {
  /** As whom it holds leases. What it computes is compared, and never counts: it may be of a class of its own. */
  readonly worker: Contributor;
  /**
   * Computes the node of a lease with the version that its step reads.
   * @param wanted the engine to use if this machine has it: that of the worker to be audited
   */
  compute(lease: m.Lease, weights: CurrentWeights, wanted: string): Promise<Recomputed>;
  close(): Promise<void>;
}

export const ownContributor = (): Contributor => ({
  member: newMember(OWN_ID, 'coordinator', 'node', 0),
  role: 'worker',
  identity: 'coordinator',
});
