/** What has been accepted in a step of contributions that are buffered: where, whose, and how large. */
import { type Node, ROOT } from '../../../shared/numerics/tree.js';
import { type SizedContribution, sizeOf } from '../../trust/norm-bound.js';
import type { Incoming } from '../in-flight.js';
import type { Reduction } from '../reduction/tree-reduction.js';
import type { StepState } from '../state.js';

export class Accepted {
  readonly list: (SizedContribution & { node: Node })[] = [];

  constructor(
    private readonly state: StepState,
    private readonly reduction: Reduction,
  ) {}

  /** @param credited whose work it is, where it was computed again */
  accept(work: Incoming, credited: Incoming): void {
    const { node, lease, message, buffered: gradient } = work;
    this.list.push({ node, ...this.sized(work), identity: credited.worker.identity });
    this.reduction.accept({ lease, gradient: gradient!, message, credited });
  }

  sized({ worker, node, buffered }: Incoming): SizedContribution {
    const { ledger } = this.state;
    const size = sizeOf(buffered!.norm, ledger.samples(node), ledger.samples(ROOT));
    return { identity: worker.identity, size };
  }
}
