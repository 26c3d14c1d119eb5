/** Whether this tab may compute now, by its owner's wishes and its device's condition; and waiting until it may. */

import type { Conditions, Settings } from '../../contribution-state.js';
import { reasonToPause } from './conditions.js';

export class Permission {
  private pausedByOwner = false;
  private reconsider: () => void = () => undefined;

  constructor(
    private settings: Settings,
    private conditions: Conditions,
  ) {}

  /** Share of the time in which it may compute. */
  get dutyCycle(): number {
    return this.settings.dutyCycle;
  }

  get cores(): number {
    return this.settings.cores;
  }

  get isOnline(): boolean {
    return this.conditions.online;
  }

  /** Applies the changes; pending waits check again. */
  change(change: { settings?: Settings; conditions?: Conditions; pausedByOwner?: boolean }): void {
    Object.assign(this, change);
    this.look();
  }

  /** Makes pending waits check again. */
  look(): void {
    this.reconsider();
  }

  /** One sentence, or undefined where nothing speaks against computing. */
  reasonToRest(): string | undefined {
    if (this.pausedByOwner) return 'Paused. What this tab had in hand goes to others.';
    return reasonToPause(this.conditions, this.settings);
  }

  /** Resolves as soon as nothing speaks against computing, or the signal is aborted. @param told hears each reason */
  async given(signal: AbortSignal, told: (reason: string) => void): Promise<void> {
    for (;;) {
      const reason = this.reasonToRest();
      if (reason === undefined || signal.aborted) return;
      told(reason);
      await new Promise<void>((resolve) => {
        this.reconsider = resolve;
      });
    }
  }
}
