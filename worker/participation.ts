/**
 * Takes part in a run until it ends: connects, computes, and comes back when the connection is lost. Model,
 * data and engine outlive connections. Runs alike in Node and in browsers: how to dial, where to keep what
 * is fetched, and where the engine runs are handed in.
 */
import type { Compute } from '../engine/compute.js';
import { type Clock, monotonicClock } from '../shared/clock.js';
import { shown } from '../shared/printable.js';
import { mayRetry } from '../shared/protocol/close-codes.js';
import type { RunProgress, Welcome } from '../shared/protocol/messages.js';
import { toldByWorker, type WorkerEvent, type WorkerHappening } from '../shared/status/worker-events.js';
import { UserError } from '../shared/user-error.js';
import { type Attempt, type Connected, connect, type Joining } from './connect.js';
import type { Connection, ConnectionEvents } from './connection.js';
import type { RunMaterial } from './data/material.js';
import { MaterialCache, type MaterialCacheOptions } from './data/material-cache.js';
import { Fence } from './fence.js';
import { Reconnection } from './reconnection.js';
import type { HeldWeights } from './weights/weight-versions.js';

export interface ParticipationOptions {
  joining: Joining;
  /** How model, data and engine are had. */
  material: MaterialCacheOptions;
  /** The coordinator's, for people to read. */
  address: string;
  dial(events: ConnectionEvents): Connection;
  /** Ends after so many milliseconds without a connection; default: never. */
  giveUpAfterMs?: number;
  clock?: Clock;
  /** Resolves after so many milliseconds, or when the signal is aborted; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Hears of what happens, for people and logs. */
  tell(event: WorkerEvent): void;
  /** What people may want to see of it. */
  watcher?: ParticipationWatcher;
}

export interface ParticipationWatcher {
  connected(): void;
  welcomed(welcome: Welcome): void;
  prepared(compute: Compute): void;
  progressed(progress: RunProgress): void;
  /** @param wasOpen whether a connection was open; otherwise no coordinator answered */
  lost(why: string, retryMs: number, wasOpen: boolean): void;
}

/** The coordinator has sent this worker away for good: starting again would end alike. */
export class SentAwayError extends UserError {}

/** Why it ended: the run is over, or it was told to stop. */
export interface Outcome {
  why: string;
  samples: number;
}

export class Participation {
  private readonly materials: MaterialCache;
  private readonly fence = new Fence();
  private readonly reconnection: Reconnection;
  private readonly clock: Clock;
  private samples = 0;
  private attempt: Attempt | undefined;
  /** The last connection's weights. */
  private held: HeldWeights | undefined;

  constructor(private readonly options: ParticipationOptions) {
    this.clock = options.clock ?? monotonicClock;
    this.materials = new MaterialCache(options.material);
    this.reconnection = new Reconnection(options.address, options.giveUpAfterMs);
  }

  /**
   * Resolves when the run is over or `stop` is aborted; what is in hand then goes to others. May be called
   * again: model, data and engine are still there. @throws UserError if the coordinator refuses this worker, it
   * fails again and again, or no coordinator answers for `giveUpAfterMs`
   */
  async run(stop: AbortSignal): Promise<Outcome> {
    const { address, wait, watcher } = this.options;
    this.reconnection.begin(this.clock.now());
    while (!stop.aborted) {
      const end = await this.connectOnce(stop);
      if (stop.aborted) break;
      const decision = this.reconnection.after(end, this.clock.now(), Math.random());
      if (decision.next === 'finish') return { why: end.why, samples: this.samples };
      const { code, why, wasOpen } = end;
      if (decision.next === 'give up')
        throw mayRetry(code) ? new UserError(decision.error) : new SentAwayError(decision.error);
      const retryMs = decision.afterMs;
      this.tell({ type: 'disconnected', address, code, reason: why, wasConnected: wasOpen, retryMs });
      watcher?.lost(why, retryMs, wasOpen);
      await wait(retryMs, stop);
    }
    return { why: 'stopped', samples: this.samples };
  }

  /** The connection is known to be dead, though its socket may look open: makes a new one. */
  reconnect(why: string): void {
    this.attempt?.abandon(why);
  }

  /** Ends the engine. */
  release(): Promise<void> {
    return this.materials.release();
  }

  /** Much of what is told comes from the network. */
  private tell(happening: WorkerHappening): void {
    this.options.tell(shown(toldByWorker(happening)));
  }

  private async connectOnce(stop: AbortSignal): Promise<Connected> {
    const { joining, material, address, watcher, dial } = this.options;
    const { held, clock } = this;
    this.attempt = connect(
      {
        ...{ joining, clock, held, dial, sha256: material.sha256 },
        prepare: (welcome) => this.prepare(welcome),
        damaged: () => void this.release(),
        opened: () => {
          this.reconnection.opened();
          this.tell({ type: 'connected', address });
          watcher?.connected();
        },
        progressed: (progress) => watcher?.progressed(progress),
        tell: (happening) => this.tell(happening),
      },
      stop,
    );
    // The connection has them, and gives them back in the end if it has no others.
    this.held = undefined;
    const connected = await this.attempt.ended;
    this.held = connected.held;
    this.samples += connected.samples;
    return connected;
  }

  private async prepare(welcome: Welcome): Promise<RunMaterial> {
    this.fence.admit(welcome);
    this.options.watcher?.welcomed(welcome);
    const material = await this.materials.of(welcome);
    this.options.watcher?.prepared(material.compute);
    return material;
  }
}
