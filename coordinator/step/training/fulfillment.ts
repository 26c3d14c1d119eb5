/** What becomes of a lease whose contribution has been taken: its chunks count, its worker is credited, others are told. */
import { firstShard, leafCount } from '../../../shared/numerics/tree.js';
import type { Dispatch } from '../dispatch.js';
import type { Incoming } from '../in-flight.js';
import type { NonFinite } from '../non-finite.js';
import type { Taken } from '../reduction/tree-reduction.js';
import type { StepState } from '../state.js';
import type { Vetting } from '../vetting/vetting.js';

export class Fulfillment {
  constructor(
    private readonly state: StepState,
    private readonly dispatch: Dispatch,
    private readonly nonFinite: NonFinite,
    private readonly vetting: Vetting,
  ) {}

  /** Chunks of a contribution have been added, or are not wanted. */
  taken({ lease, credited, from, to, isCounted }: Taken): void {
    if (isCounted) for (let chunk = from; chunk < to; chunk++) this.dispatch.counted(lease, chunk);
    if (to === this.state.ledger.chunks) this.fulfilled({ lease, credited, isCounted });
  }

  /** The last chunk of a contribution has been taken. */
  private fulfilled({ lease, credited, isCounted }: Pick<Taken, 'lease' | 'credited' | 'isCounted'>): void {
    const { state } = this;
    const { ledger, workers, now } = state;
    const { worker, message } = credited;
    const { node } = lease;
    this.record(credited);
    if (isCounted) {
      worker.credit({ ...message, turnaroundMs: credited.turnaroundMs(ledger.chunks) });
      state.effects.push({ do: 'credit', worker, samples: message.samples });
    } else state.countNode('duplicates', node);
    worker.delivered();
    ledger.end(lease.worker, node);
    state.inFlight.forget(lease.worker, node);
    for (const holder of new Set([worker, workers.get(lease.worker)]))
      holder?.refresh(ledger.holds(holder.id), now);
    for (const [suspect, suspected] of this.nonFinite.convictedBy(worker, node)) {
      const text = `step ${ledger.step}, node ${suspected}: not finite, where ${worker.name} computed numbers`;
      state.countNode('rejected', suspected);
      this.vetting.convict(suspect, text);
    }
  }

  private record({ worker, lease, message, announcedAt }: Incoming): void {
    const { effects, ledger, now } = this.state;
    const times = {
      worker: worker.id,
      name: worker.name,
      shard: firstShard(ledger.shards, lease.node),
      shards: leafCount(ledger.shards, lease.node),
      leasedAt: lease.since,
      announcedAt,
      computeMs: message.computeMs,
      countedAt: now,
    };
    effects.push({ do: 'record', times });
  }
}
