/**
 * Centered clipping of worker momentum (Karimireddy, He, Jaggi 2021, "Learning from history for Byzantine robust
 * optimization", algorithm 2). Each worker's gradients are averaged over time, which shrinks the spread of honest
 * workers, in which liars can hide; then all are drawn toward the last result, and none by more than a radius:
 *
 *     m_i <- b m_i + (1 - b) g_i
 *     v   <- v + mean over i of (m_i - v) min(1, r / |m_i - v|)      a few times, from the last step's v
 *
 * In place of the paper's constant radius r stands the median of the distances |m_i - v|: it needs no tuning, and
 * is an honest worker's as long as most are. The momentum is kept here, so a worker cannot lie about its history.
 * A worker that drifts away from the others over many steps is left out (drift.ts): clipping bounds what one step of a
 * liar does, and not what all of them add up to.
 */
import { median as medianOf } from '../../../shared/numerics/median.js';
import type { RunEvent } from '../../../shared/status/events.js';
import { median } from './coordinates.js';
import { DriftWatch } from './drift.js';
import type { RobustRule, WorkerGradient } from './rule.js';

const MOMENTUM = 0.9;
const ROUNDS = 3;
/** A worker that has given nothing for so many steps begins anew: the memory is one vector a worker. */
const REMEMBERED_STEPS = 100;

export interface ClippingOptions {
  /** Seeds that only this process knows. */
  secret: readonly number[];
  tell(event: RunEvent): void;
}

export class CenteredClipping implements RobustRule {
  private readonly workers = new Map<string, { momentum: Float32Array; step: number }>();
  private center: Float32Array | undefined;
  private step = 0;
  private readonly leftOut = new Set<string>();
  private readonly drift: DriftWatch;

  constructor(private readonly options: ClippingOptions) {
    this.drift = new DriftWatch(options.secret);
  }

  aggregate(gradients: readonly WorkerGradient[]): Float32Array {
    this.step++;
    this.leaveOut(gradients);
    // A worker that is left out keeps its momentum for its return.
    const momenta = gradients.map((worker) => ({ ...worker, momentum: this.momentumOf(worker) }));
    for (const [identity, { step }] of this.workers) {
      if (this.step - step <= REMEMBERED_STEPS) continue;
      this.workers.delete(identity);
      this.drift.forget(identity);
      this.leftOut.delete(identity);
    }
    const heard = momenta
      .filter(({ identity }) => !this.leftOut.has(identity))
      .map(({ momentum }) => momentum);
    // No worker's first gradient is the center: it could be a liar's.
    const center = this.center ?? median(heard);
    for (let round = 0; round < ROUNDS; round++) moveCenter(center, heard);
    this.center = center;
    return center.slice();
  }

  private leaveOut(workers: readonly WorkerGradient[]): void {
    const outliers = this.drift.outliers(workers);
    for (const { identity } of workers) {
      const isOutlier = outliers.has(identity);
      if (isOutlier === this.leftOut.has(identity)) continue;
      if (isOutlier) this.leftOut.add(identity);
      else this.leftOut.delete(identity);
      const text = isOutlier
        ? `${identity} is left out: over many steps its gradients have drifted away from those of most`
        : `${identity} counts again: its gradients have been among the others for a while`;
      this.options.tell({ type: 'warning', text });
    }
  }

  private momentumOf({ identity, gradient }: WorkerGradient): Float32Array {
    const known = this.workers.get(identity);
    if (!known) {
      this.workers.set(identity, { momentum: gradient, step: this.step });
      return gradient;
    }
    known.step = this.step;
    const { momentum } = known;
    for (let i = 0; i < momentum.length; i++) {
      momentum[i] = MOMENTUM * momentum[i]! + (1 - MOMENTUM) * gradient[i]!;
    }
    return momentum;
  }
}

function moveCenter(center: Float32Array, momenta: readonly Float32Array[]): void {
  const distances = momenta.map((momentum) => {
    let squares = 0;
    for (let i = 0; i < center.length; i++) squares += (momentum[i]! - center[i]!) ** 2;
    return Math.sqrt(squares);
  });
  const radius = medianOf(distances);
  const move = new Float64Array(center.length);
  for (const [worker, momentum] of momenta.entries()) {
    const distance = distances[worker]!;
    const weight = (distance > radius ? radius / distance : 1) / momenta.length;
    for (let i = 0; i < center.length; i++) move[i]! += weight * (momentum[i]! - center[i]!);
  }
  for (let i = 0; i < center.length; i++) center[i]! += move[i]!;
}
