/**
 * What a worker has been asked to compute and has not begun: taken in order, let go of when it is canceled
 * or its step is over. Each dropped task is reported, so that the coordinator counts on this worker again.
 */

import type { Batch } from '../../engine/engine.js';
import type { Cancel, Dropped, Evaluate, Lease } from '../../shared/protocol/messages.js';
import { samplesOf } from '../data/check-work.js';
import type { NodeOfStep } from './foresight.js';

/** A node to compute: of a lease, or of one that is foreseen. */
export interface NodeTask {
  kind: 'lease';
  lease: NodeOfStep;
  shards: Promise<Batch[]>;
}

export interface LeaseTask extends NodeTask {
  lease: Lease;
}

export interface EvaluationTask {
  kind: 'evaluate';
  part: Evaluate;
  batch: Promise<Batch>;
}

export type Task = LeaseTask | EvaluationTask;

/** The step or version of the weights that a task needs. */
export const versionOf = (task: NodeTask | EvaluationTask): number =>
  task.kind === 'lease' ? task.lease.step : task.part.version;

/** Whether `cancel` means this task. */
export function isMeant(task: NodeTask | EvaluationTask, { step, node, part }: Cancel): boolean {
  if (versionOf(task) !== step) return false;
  return task.kind === 'lease' ? task.lease.node === node : task.part.part === part;
}

/** What is asked for, of either kind. */
const workOf = (task: Task): Lease | Evaluate => (task.kind === 'lease' ? task.lease : task.part);

export class Tasks {
  private waiting: Task[] = [];
  /** The latest version that work was asked for. */
  private latest = -1;

  /** @param tell hears of each task that is let go of. */
  constructor(private readonly tell: (message: Dropped) => void) {}

  /**
   * To be called before work of `version` is added. A coordinator has one step, or one evaluation, in hand: what
   * waits of earlier versions is let go of.
   * @returns what waits; undefined where `version` itself is over
   */
  turnTo(version: number): { tasks: number; samples: number } | undefined {
    if (version < this.latest) return undefined;
    if (version > this.latest) this.drop((task) => versionOf(task) < version);
    this.latest = version;
    const samples = this.waiting.reduce((sum, task) => sum + samplesOf(workOf(task)), 0);
    return { tasks: this.waiting.length, samples };
  }

  add(task: Task): void {
    this.waiting.push(task);
  }

  /** The first task that can be computed, which is then no longer here. */
  take(canStart: (task: Task) => boolean): Task | undefined {
    const at = this.waiting.findIndex(canStart);
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0];
  }

  drop(which: (task: Task) => boolean): void {
    const dropped = new Set(this.waiting.filter(which));
    this.waiting = this.waiting.filter((task) => !dropped.has(task));
    for (const task of dropped) {
      const step = versionOf(task);
      if (task.kind === 'lease') this.tell({ type: 'dropped', step, node: task.lease.node });
      else this.tell({ type: 'dropped', step, part: task.part.part });
    }
  }

  /** The connection is gone: drops everything without a report. */
  clear(): void {
    this.waiting = [];
  }
}
