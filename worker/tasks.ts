/**
 * What a worker has been asked to compute and has not begun: taken in order, let go of when it is cancelled
 * or its step is over. Whatever is let go of is said, so that the coordinator counts on this worker again.
 */
import type { Cancel, Dropped, Evaluate, Lease } from '../shared/protocol/messages.js';
import type { Batch } from './engine/engine.js';

export type Task =
  | { kind: 'lease'; lease: Lease; shards: Promise<Batch[]> }
  | { kind: 'evaluate'; part: Evaluate; batch: Promise<Batch> };

/** The step or version of the weights that a task needs. */
export const versionOf = (task: Task): number =>
  task.kind === 'lease' ? task.lease.step : task.part.version;

/** Whether `cancel` means this task. */
export function isMeant(task: Task, { step, node, part }: Cancel): boolean {
  if (versionOf(task) !== step) return false;
  return task.kind === 'lease' ? task.lease.node === node : task.part.part === part;
}

export class Tasks {
  private waiting: Task[] = [];

  /** @param tell hears of each task that is let go of. */
  constructor(private readonly tell: (message: Dropped) => void) {}

  add(task: Task): void {
    this.waiting.push(task);
  }

  /** The first task that can be computed, which is then no longer here. */
  take(canStart: (task: Task) => boolean): Task | undefined {
    const at = this.waiting.findIndex(canStart);
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0];
  }

  drop(which: (task: Task) => boolean): void {
    const dropped = this.waiting.filter(which);
    this.waiting = this.waiting.filter((task) => !dropped.includes(task));
    for (const task of dropped) {
      const step = versionOf(task);
      if (task.kind === 'lease') this.tell({ type: 'dropped', step, node: task.lease.node });
      else this.tell({ type: 'dropped', step, part: task.part.part });
    }
  }

  /** The connection is gone: nobody is to be told. */
  clear(): void {
    this.waiting = [];
  }
}
