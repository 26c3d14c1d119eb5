/** The leases of a step by their times: those that it waits for, and those that have run out. Decides nothing. */
import { isFresh, leaseExpired } from '../scheduling/deadlines.js';
import type { IdleWorker, OpenLease } from '../scheduling/speculation/speculation.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { StepState } from './state.js';

/**
 * What the step waits for now, in the order in which it was leased.
 * @param own the coordinator as a worker that recomputes
 */
export function waitedFor(state: StepState, own: Worker | undefined): OpenLease[] {
  const { ledger, inFlight, front, workers } = state;
  // A worker computes its leases one after the other: one waits for those before it.
  const ahead = new Map<WorkerId, number>();
  const leases: OpenLease[] = [];
  for (const { node, worker: id, since } of ledger.openLeases()) {
    // Its own engine too may be slow, or hang, while somebody is idle that can be believed.
    const isOwn = id === own?.id;
    const worker = isOwn ? own : workers.get(id);
    const incoming = inFlight.of(id, node);
    const samples = (ahead.get(id) ?? 0) + ledger.samples(node);
    if (!incoming) ahead.set(id, samples);
    // One that waits for its turn to upload is not late, nor one that is all here.
    const isHere = isOwn || state.isHere(worker);
    if (!worker || !isHere || incoming?.isWaiting || !ledger.isFree(node, front)) continue;
    const { name, recent, least } = worker;
    const begun = inFlight.begunAt(id, since);
    const times = incoming
      ? { since: Math.max(since, incoming.progressAt), begunAt: incoming.ownBegin }
      : { since: begun, begunAt: begun };
    leases.push({ node, worker: id, name, samples, ...times, recent, least, isOwn });
  }
  return leases;
}

/** A worker that has nothing to do, as one that may be asked for what is late. */
export function asIdle(worker: Worker): IdleWorker {
  const { id, name, speed, overheadMs, idleSince, isVolunteer, isDoubtful } = worker;
  return { id, name, speed, overheadMs, since: idleSince, isTrusted: !isVolunteer, isDoubtful };
}

/** Leases that have run out: the worker and the reason. */
export function expired(state: StepState): { worker: Worker; why: string }[] {
  const { ledger, inFlight, workers, now } = state;
  const promised = workers.promises();
  return [...ledger.openLeases()].flatMap(({ node, worker: id, since }) => {
    const worker = workers.get(id);
    // What came whole and waits to be judged is no longer its worker's business.
    if (!state.isHere(worker) || inFlight.of(id, node)?.isWaiting) return [];
    if (isFresh(now, since)) return [];
    const samples = ledger.samples(node);
    const isRound = state.batch.updates !== undefined;
    const why = leaseExpired(now, { since, samples, isRound, ...promised(worker) });
    return why ? [{ worker, why }] : [];
  });
}
