/** The phase that all workers are busy with, or none. */
import type { Phase, WorkerEvent } from './phase.js';

export class PhaseInHand {
  private phase: Phase | undefined;

  get isThere(): boolean {
    return this.phase !== undefined;
  }

  begin(phase: Phase | undefined): void {
    this.phase = phase;
  }

  hear(event: WorkerEvent): void {
    this.phase?.hear(event);
  }

  /** It cannot go on, if there is one. */
  fail(error: unknown): void {
    this.phase?.fail(error);
  }
}
