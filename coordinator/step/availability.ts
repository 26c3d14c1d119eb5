/** Who can take leases of a step, and how long each is busy with what it has. */
import type { PlannedWorker } from '../scheduling/planning/planner.js';
import type { Worker } from '../scheduling/worker.js';
import type { StepState } from './state.js';

/** Workers that are weighed against each other for what one has lost. */
const FEW = 256;
/** ...and that are looked at to find them. */
const LOOKED_AT = 1024;

const isProven = ({ contributions }: Worker): boolean => contributions > 0;

export class Availability {
  /** Where the next look for heirs begins. */
  private heirsFrom = 0;

  constructor(private readonly state: StepState) {}

  /** Workers that have answered all that was taken back from them. */
  ready(): readonly Worker[] {
    return this.state.notBarred(this.state.rested()).filter(({ isFree }) => isFree);
  }

  /** Workers that a step may wait for; all, if there are none. */
  willing(): readonly Worker[] {
    const { state } = this;
    const reliable = state.notBarred(state.reliable());
    return reliable.length > 0 ? reliable : state.notBarred(state.active());
  }

  /**
   * Workers for what somebody has lost, or nobody has taken: those that have delivered something, since one that comes
   * and goes does not inherit what another has lost. Of many, some that have nothing to do: not all need be weighed.
   */
  heirs(): readonly Worker[] {
    const willing = this.willing();
    if (willing.length <= FEW) {
      const proven = willing.filter(isProven);
      return proven.length > 0 ? proven : willing;
    }
    const { ledger } = this.state;
    const [free, busy]: [Worker[], Worker[]] = [[], []];
    for (let looked = 0; looked < LOOKED_AT && free.length < FEW; looked++) {
      const worker = willing[this.heirsFrom++ % willing.length]!;
      if (!isProven(worker)) continue;
      if (worker.isFree && !ledger.holds(worker.id)) free.push(worker);
      else busy.push(worker);
    }
    const proven = [...free, ...busy].slice(0, FEW);
    return proven.length > 0 ? proven : willing.slice(0, FEW);
  }

  /** Those to plan with, and the seconds of work that each has already. */
  candidates(all: readonly Worker[]): PlannedWorker[] {
    const { ledger } = this.state;
    const [known, unknown]: [PlannedWorker[], PlannedWorker[]] = [[], []];
    for (const worker of all) {
      const { id, speed, overheadMs } = worker;
      const leaseSeconds = overheadMs === undefined ? undefined : overheadMs / 1000;
      if (worker.isFree && !ledger.holds(id)) known.push({ id, speed, busy: 0, leases: 0, leaseSeconds });
      else {
        const busy = this.secondsCanceled(worker) + this.secondsLeft(worker);
        const leases = ledger.leasesOf(id).length;
        // How long somebody not measured will be busy is not known.
        (speed === undefined ? unknown : known).push({ id, speed, busy, leases, leaseSeconds });
      }
    }
    return known.length > 0 ? known : unknown;
  }

  /** Seconds until the worker has computed what it holds; unknown speeds count as none. */
  secondsLeft({ id, speed }: Worker): number {
    if (speed === undefined) return 0;
    const { ledger, inFlight, now } = this.state;
    const leases = ledger.leasesOf(id).filter(({ node }) => !inFlight.of(id, node));
    const [first] = leases;
    if (!first) return 0;
    const samples = leases.reduce((sum, { node }) => sum + ledger.samples(node), 0);
    const begun = Math.max(first.since, inFlight.progressAt(first) ?? 0);
    return Math.max(samples / speed - (now - begun) / 1000, 0);
  }

  /**
   * Until it is free of what was taken back. Of one that takes longer than its speed promises nothing is
   * known but that: it is given as long again, so that a hiccup costs it little, and a worker that hangs
   * gets less and less, and then nothing.
   */
  private secondsCanceled({ canceledLeases, speed }: Worker): number {
    const { now } = this.state;
    const left = canceledLeases.map(({ since, samples }) => {
      const gone = (now - since) / 1000;
      const needed = speed === undefined ? 0 : samples / speed;
      return gone < needed ? needed - gone : gone;
    });
    return Math.max(0, ...left);
  }
}
