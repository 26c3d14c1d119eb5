/**
 * Foresees a worker's next lease: as long as the same workers take part, each has the same node in step after step, and
 * a step takes the samples that follow those of the step before. Pure. What is foreseen may turn out wrong.
 */
import type { Lease } from '../../shared/protocol/messages.js';

/** What of a lease says what is to be computed; of a round all but the updates can be foreseen. */
export type NodeOfStep = Pick<Lease, 'step' | 'epoch' | 'node' | 'firstShard' | 'bounds' | 'updates'>;

export class Foresight {
  private last: Lease | undefined;
  /** The lease that comes next; undefined: nothing speaks for one. */
  next: NodeOfStep | undefined;
  /** Leases in a row that came as foreseen. */
  right = 0;

  /** @param records of the training set: an epoch ends with them */
  constructor(private readonly records: number) {}

  /** A lease has come. */
  came(lease: Lease): void {
    this.right = this.next && isSame(this.next, lease) ? this.right + 1 : 0;
    this.next = this.last && following(this.last, lease, this.records);
    this.last = lease;
  }
}

export const isSame = (a: NodeOfStep, b: NodeOfStep): boolean =>
  a.step === b.step && a.epoch === b.epoch && a.node === b.node && areEqual(a.bounds, b.bounds);

/** @returns what comes after `last` if it goes on as from `before` to `last`; undefined: these two are no course */
function following(before: Lease, last: Lease, records: number): NodeOfStep | undefined {
  const { step, epoch, node, firstShard } = last;
  if (before.step + 1 !== step || before.epoch !== epoch || before.node !== node) return undefined;
  const samples = last.bounds[0]! - before.bounds[0]!;
  const moved = (bounds: readonly number[]) => bounds.map((bound) => bound + samples);
  const bounds = moved(last.bounds);
  if (!areEqual(moved(before.bounds), last.bounds) || bounds.at(-1)! > records) return undefined;
  return { step: step + 1, epoch, node, firstShard, bounds };
}

const areEqual = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);
