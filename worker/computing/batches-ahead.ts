/**
 * Gathers the samples of leases; those of the lease that is foreseen while another one is computed. What was gathered
 * for a lease that does not come is let go of.
 */
import type { Batch } from '../../engine/engine.js';
import { BatchMemory } from '../data/batch-memory.js';
import type { RunMaterial } from '../data/material.js';
import { isSame, type NodeOfStep } from './foresight.js';

export class BatchesAhead {
  private readonly memory: BatchMemory;
  private ahead: { of: NodeOfStep; batches: Promise<Batch[]> } | undefined;

  constructor(private readonly material: Pick<RunMaterial, 'order' | 'train' | 'augment' | 'compute'>) {
    this.memory = new BatchMemory((elements) => material.compute.allocate(elements));
  }

  /** The batches of a node's shards, to be given back. A failure counts where they are awaited. */
  take(node: NodeOfStep): Promise<Batch[]> {
    const { ahead } = this;
    this.ahead = undefined;
    if (ahead && isSame(ahead.of, node)) return ahead.batches;
    if (ahead)
      void ahead.batches.then(
        (batches) => this.giveBack(batches),
        () => undefined,
      );
    return this.gather(node);
  }

  /** Gathers ahead of `take`. */
  prepare(node: NodeOfStep): void {
    this.ahead ??= { of: node, batches: this.gather(node) };
  }

  /** Nobody reads these batches any more. */
  giveBack(batches: readonly Batch[]): void {
    this.memory.give(batches);
  }

  private gather({ epoch, bounds }: NodeOfStep): Promise<Batch[]> {
    const { order, train, augment } = this.material;
    const positions = order(epoch);
    const batches = Promise.all(
      bounds.slice(1).map(async (end, at) => {
        const records = positions.subarray(bounds[at]!, end);
        const batch = await train.assemble(records, this.memory.take);
        augment?.(batch.x, records, epoch);
        return batch;
      }),
    );
    batches.catch(() => undefined);
    return batches;
  }
}
