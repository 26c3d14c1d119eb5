/** Waits until enough workers are here. */
export class Quorum {
  private readonly waiting = new Set<() => void>();

  /** @param count how many can take leases */
  constructor(private readonly count: () => number) {}

  /** Somebody has come: those that wait look again. */
  look(): void {
    for (const wake of this.waiting) wake();
  }

  /** Resolves once at least `count` are here, or `until` is aborted. */
  async of(count: number, until: AbortSignal): Promise<void> {
    while (this.count() < count && !until.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.waiting.delete(done);
          until.removeEventListener('abort', done);
          resolve();
        };
        this.waiting.add(done);
        until.addEventListener('abort', done);
      });
    }
  }
}
