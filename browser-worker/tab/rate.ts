/** A rate over the last seconds. */
const WINDOW_MS = 10_000;

export class Rate {
  private readonly events: { at: number; amount: number }[] = [];

  add(amount: number, now: number): void {
    this.events.push({ at: now, amount });
  }

  /** A second; 0 until something has lasted for a while. */
  perSecond(now: number): number {
    while (this.events.length > 0 && now - this.events[0]!.at > WINDOW_MS) this.events.shift();
    const first = this.events[0];
    if (!first || now <= first.at) return 0;
    // What the first event reports was made before it.
    const sum = this.events.slice(1).reduce((total, { amount }) => total + amount, 0);
    return (sum * 1000) / (now - first.at);
  }
}
