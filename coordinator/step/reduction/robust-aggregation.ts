/**
 * Aggregates a step under `--robust`: each worker's whole gradient, and of all of them what the rule makes.
 * The ledger counts every sample once, as ever; but a worker has one vote, however much it computed.
 */
import { median } from '../../../shared/numerics/median.js';
import type { WorkerSum } from '../../update/robust/rule.js';
import type { StepSums } from '../events.js';
import type { StepState } from '../state.js';
import type { Accepted, Addition, Reduction } from './tree-reduction.js';

export class RobustAggregation implements Reduction {
  private readonly accepted: Accepted[] = [];
  private readonly sumOf = new Map<string, WorkerSum>();
  private isAggregated = false;

  constructor(private readonly state: StepState) {}

  accept(accepted: Accepted): void {
    this.accepted.push(accepted);
  }

  next(): Addition | undefined {
    const { ledger, effects } = this.state;
    const accepted = this.accepted.shift();
    if (accepted) return { taken: this.take(accepted), isPending: false };
    if (this.isAggregated || !ledger.isComplete()) return undefined;
    this.isAggregated = true;
    effects.push({ do: 'aggregate', sums: this.workers() });
    return { isPending: true };
  }

  /** The medians of what workers report of their samples: no worker can make the run look better than it is. */
  sums(): StepSums {
    const samples = this.state.ledger.samples(this.state.ledger.root);
    const mean = (of: (worker: WorkerSum) => number) =>
      samples * median(this.workers().map((worker) => of(worker) / worker.samples));
    return { samples, loss: mean(({ loss }) => loss), metric: mean(({ metric }) => metric) };
  }

  /** The workers' sums, in the order of their identities. */
  private workers(): WorkerSum[] {
    return [...this.sumOf.values()].sort((a, b) => (a.identity < b.identity ? -1 : 1));
  }

  private take(accepted: Accepted) {
    const { lease, credited } = accepted;
    const { ledger } = this.state;
    const isCounted = this.state.unbroken(() => {
      // All contributions are whole: what holds of one chunk holds of all.
      let counts = false;
      for (let chunk = 0; chunk < ledger.chunks; chunk++)
        counts = ledger.accept(lease.node, chunk) === 'counted';
      if (counts) this.add(accepted);
      return counts;
    });
    return { lease, credited, from: 0, to: ledger.chunks, isCounted };
  }

  private add({ lease, gradient, message, credited }: Accepted): void {
    const { layout, ledger } = this.state;
    const { identity } = credited.worker;
    const sum = this.sumOf.get(identity) ?? {
      ...{ identity, samples: 0, loss: 0, metric: 0 },
      gradient: new Float32Array(layout.total),
    };
    this.sumOf.set(identity, sum);
    sum.samples += ledger.samples(lease.node);
    sum.loss += message.loss;
    sum.metric += message.metric;
    for (let chunk = 0; chunk < ledger.chunks; chunk++) {
      const { start } = layout.range(chunk);
      const values = gradient.values(chunk);
      for (let i = 0; i < values.length; i++) sum.gradient[start + i]! += values[i]!;
    }
  }
}
