/**
 * Fencing: a worker ignores a stale coordinator, one that was frozen or cut off, was believed dead, and still
 * answers at an address. Its successor has a higher generation.
 *
 * The other direction needs no number: a contribution comes over the connection on which it was leased,
 * and a coordinator's connections end with its process.
 */
import type { Welcome } from '../shared/protocol/messages.js';

export class Fence {
  private readonly latest = new Map<string, number>();

  /** @throws if a later coordinator of this run has been seen */
  admit({ run, generation }: Pick<Welcome, 'run' | 'generation'>): void {
    const latest = this.latest.get(run) ?? 0;
    if (generation < latest) {
      throw new Error(
        `this coordinator (generation ${generation} of the run) was replaced by a later one (generation ${latest})`,
      );
    }
    this.latest.set(run, generation);
  }
}
