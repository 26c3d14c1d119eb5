/** Picks the worker that recomputes a volunteer's node. Pure. */
import { isSameEverywhere } from '../../../shared/engines/engines.js';
import type { Worker } from '../../scheduling/worker.js';

/**
 * A trusted worker of the volunteer's own engine class; for the universal class, whose bits are those of the
 * coordinator's own engine too, the coordinator itself; then any trusted worker; then the coordinator. Among workers
 * the least busy.
 */
export function pickAuditor(
  engineClass: string,
  trusted: readonly Worker[],
  own: Worker | undefined,
  secondsLeft: (worker: Worker) => number,
): Worker | undefined {
  const leastBusy = (workers: readonly Worker[]) =>
    [...workers].sort((a, b) => secondsLeft(a) - secondsLeft(b) || a.id - b.id)[0];
  const alike = trusted.filter((worker) => worker.engineClass === engineClass);
  if (alike.length > 0) return leastBusy(alike);
  if (own && isSameEverywhere(engineClass)) return own;
  return leastBusy(trusted) ?? own;
}
