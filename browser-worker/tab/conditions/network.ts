/** Waiting for a network that a device may be without. */
import { untilAborted } from './until-aborted.js';

export class Network {
  private onlineAgain: () => void = () => undefined;

  constructor(private readonly isOnline: () => boolean) {}

  /** The device is online again: pending waits resolve. */
  isBack(): void {
    this.onlineAgain();
  }

  /** Waits as long as asked, and for the network. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await untilAborted(signal, (done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    });
    if (this.isOnline()) return;
    await untilAborted(signal, (done) => {
      this.onlineAgain = done;
      return () => undefined;
    });
  }
}
