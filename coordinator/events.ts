/** What happens in a run, told to whoever listens. What happens before anyone does is kept for the first. */
import type { RunEvent } from '../shared/status.js';

/** Events before the first listener are few: a run without listeners must not fill the memory. */
const MAX_EARLY = 1000;

export class Events {
  private readonly listeners = new Set<(event: RunEvent) => void>();
  private early: RunEvent[] = [];

  readonly tell = (event: RunEvent): void => {
    for (const listener of this.listeners) listener(event);
    if (this.listeners.size === 0 && this.early.length < MAX_EARLY) this.early.push(event);
  };

  /** Returns a function that ends the listening. */
  listen(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener);
    const early = this.early;
    this.early = [];
    for (const event of early) listener(event);
    return () => this.listeners.delete(listener);
  }
}
