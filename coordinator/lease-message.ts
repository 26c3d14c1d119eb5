/** The message that makes a worker compute a node. */
import type * as m from '../shared/protocol/messages.js';
import { firstShard, leafCount, type Node } from '../shared/tree.js';
import type { StepLedger } from './work/ledger.js';

export function leaseMessage(
  { step, epoch }: { step: number; epoch: number },
  { shards, bounds }: Pick<StepLedger, 'shards' | 'bounds'>,
  node: Node,
  chunks: Pick<m.Lease, 'fromChunk' | 'window'>,
): m.Lease {
  const first = firstShard(shards, node);
  return {
    type: 'lease',
    step,
    epoch,
    node,
    firstShard: first,
    bounds: bounds.slice(first, first + leafCount(shards, node) + 1),
    ...chunks,
  };
}
