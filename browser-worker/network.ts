/** A tab's way to the coordinator: connections that are given up when they fall silent, and waiting for the network. */
import type { Connection, ConnectionEvents } from '../worker/connect.js';
import type { AwakeTime } from './awake-time.js';
import { dial } from './socket.js';
import { untilAborted } from './until-aborted.js';

/** The coordinator tells how the run goes every second: silence for so long means that the network is gone. */
const SILENT_MS = 30_000;

export interface NetworkOptions {
  time: AwakeTime;
  isOnline(): boolean;
  /** The connection is worthless, whatever its socket believes. */
  lost(why: string): void;
}

export class Network {
  private callOffSilence: () => void = () => undefined;
  private onlineAgain: () => void = () => undefined;

  constructor(private readonly options: NetworkOptions) {}

  dial(url: string, events: ConnectionEvents): Connection {
    const heard = () => {
      this.callOffSilence();
      this.callOffSilence = this.options.time.after(SILENT_MS, () =>
        this.options.lost(`nothing was heard for ${SILENT_MS / 1000} s`),
      );
    };
    heard();
    return dial(url, {
      opened: events.opened,
      received: (bytes) => {
        heard();
        events.received(bytes);
      },
      closed: (code, reason) => {
        this.callOffSilence();
        events.closed(code, reason);
      },
    });
  }

  /** The device is online again: whoever waits goes on. */
  isBack(): void {
    this.onlineAgain();
  }

  /** Waits as long as asked, and for the network. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await untilAborted(signal, (done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    });
    if (this.options.isOnline()) return;
    await untilAborted(signal, (done) => {
      this.onlineAgain = done;
      return () => undefined;
    });
  }
}
