/** One compute worker: started, asked, and ended when its engine is lost. */
import { EngineCalls, errorOf, type Started } from '../../../engine/remote.js';
import type { ComputeSays, ComputeStart } from '../compute-worker.js';

/** The part of a Worker that is used of it. */
export interface ComputePort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: ComputeSays }) => void): void;
  addEventListener(type: 'error', listener: (event: { message?: string }) => void): void;
  terminate(): void;
}

/** The engine is gone, or no longer to be trusted: what it had in hand is to be computed again by another. */
export class EngineLostError extends Error {}

export class RemoteEngine {
  readonly calls: EngineCalls;
  /** What the worker said when it had its engine. @throws what kept it from having one */
  readonly started: Promise<Started>;
  private refuse!: (error: Error) => void;

  constructor(
    private readonly port: ComputePort,
    start: ComputeStart,
  ) {
    this.calls = new EngineCalls((request) => port.postMessage(request, []));
    let take!: (started: Started) => void;
    this.started = new Promise((resolve, reject) => {
      take = resolve;
      this.refuse = reject;
    });
    // Callers await it; ending a worker early must not become an unhandled rejection.
    this.started.catch(() => undefined);
    port.addEventListener('message', ({ data }) => {
      if ('lost' in data) this.end(data.lost);
      else if ('started' in data) take(data.started);
      else if ('id' in data) this.calls.answered(data);
      else this.refuse(errorOf(data));
    });
    port.addEventListener('error', ({ message }) => this.end(message || 'its program could not be loaded'));
    port.postMessage(start, []);
  }

  /** Ends the worker; pending calls reject with an EngineLostError. */
  end(why: string): void {
    const error = new EngineLostError(why);
    this.port.terminate();
    this.refuse(error);
    this.calls.die(error);
  }
}
