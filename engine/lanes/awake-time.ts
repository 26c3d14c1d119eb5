/**
 * Time as this worker lives it. A frozen tab or a sleeping device stands still, and a deadline that ran
 * out meanwhile would blame an engine that never had the time.
 */
export const TICK_MS = 1000;
/** A tick this late means that everything stood still. */
const ASLEEP_MS = 5000;

export class AwakeTime {
  private time = 0;
  private readonly alarms = new Set<{ at: number; ring: () => void }>();

  /** @param slept hears for how many milliseconds everything stood still */
  constructor(private readonly slept: (ms: number) => void) {}

  /** Advances the clock. Call it every `TICK_MS`. @param elapsedMs wall-clock milliseconds since the last call */
  tick(elapsedMs: number): void {
    const asleep = elapsedMs > ASLEEP_MS;
    this.time += asleep ? TICK_MS : elapsedMs;
    if (asleep) this.slept(elapsedMs);
    for (const alarm of this.alarms) {
      if (alarm.at > this.time) continue;
      this.alarms.delete(alarm);
      alarm.ring();
    }
  }

  /** Calls `ring` after so many milliseconds awake. @returns what calls it off */
  after(ms: number, ring: () => void): () => void {
    const alarm = { at: this.time + ms, ring };
    this.alarms.add(alarm);
    return () => this.alarms.delete(alarm);
  }
}
