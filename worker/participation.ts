/**
 * Takes part in a run until it ends: connects, computes, and comes back when the connection is lost. Model,
 * data and engine outlive connections. Runs alike in Node and in browsers: how to dial, where to keep what
 * is fetched, and where the engine runs are handed in.
 */
import type { Compute } from '../engine/compute.js';
import { type Clock, monotonicClock } from '../shared/clock.js';
import { engineOf } from '../shared/engines/engines.js';
import { printable, shown } from '../shared/printable.js';
import { CLOSE, closeText, mayRetry } from '../shared/protocol/close-codes.js';
import { FrameError } from '../shared/protocol/frame.js';
import type { RunProgress, Welcome, WorkerKind } from '../shared/protocol/messages.js';
import { MessageError } from '../shared/protocol/msgpack/message-error.js';
import { toldByWorker, type WorkerEvent, type WorkerHappening } from '../shared/status/worker-events.js';
import { messageOf, UserError } from '../shared/user-error.js';
import type { Connection, ConnectionEvents } from './connection.js';
import {
  type ComputeSubject,
  type MaterialSources,
  prepareMaterial,
  type RunMaterial,
  sameMaterial,
} from './data/material.js';
import { Fence } from './fence.js';
import { type HeldWeights, Session } from './session.js';
import { unlessSilent } from './silence.js';

const FIRST_RETRY_MS = 250;
/** A coordinator that is back must not wait for its workers. */
const LONGEST_RETRY_MS = 3_000;
/** An engine that fails so many times in a row, without one result between, will not do better. */
const MOST_FAILURES = 8;
/**
 * A token expires by the clock of the coordinator's machine, which may have jumped ahead and be put back: for so long,
 * and so often, a worker whose token has expired comes back.
 */
const PATIENCE_WITH_CLOCK_MS = 10 * 60_000;
const EXPIRED_RETRY_MS = 10_000;
const LONGEST_AFTER_FAILURE_MS = 30_000;

export interface ParticipationOptions extends Omit<MaterialSources, 'startCompute'> {
  /** The worker's name on the dashboard. */
  name: string;
  kind: WorkerKind;
  /** Told when joining; undefined: none, or a tab's cookie is enough. */
  token?: string | undefined;
  /** The coordinator's, for people to read. */
  address: string;
  dial(events: ConnectionEvents): Connection;
  /** Starts the engine where it shall run; `wanted` is `auto` or its name. */
  startCompute(subject: ComputeSubject, wanted: string): Promise<Compute>;
  /** `auto` or the name of an engine. */
  engine: string;
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

/** How a connection ended. */
interface Ended {
  code: number;
  why: string;
  wasOpen: boolean;
  /** Whether this worker ended it, since the coordinator broke the protocol. */
  wasBroken: boolean;
}

/** Why it ended: the run is over, or it was told to stop. */
export interface Outcome {
  why: string;
  samples: number;
}

export class Participation {
  private material: { welcome: Welcome; material: Promise<RunMaterial> } | undefined;
  private readonly fence = new Fence();
  private samples = 0;
  private attempt = 0;
  private readonly clock: Clock;
  /** When the coordinator last stopped answering. */
  private aloneSince: number | undefined;
  /** When connections began to be refused for an expired token. */
  private expiredSince: number | undefined;
  /** Failures that this worker caused, since it last computed something. */
  private failures = 0;
  private abandon: (why: string) => void = () => undefined;
  /** The last connection's weights: they need not be sent again if they are still current. */
  private holding: HeldWeights | undefined;

  constructor(private readonly options: ParticipationOptions) {
    this.clock = options.clock ?? monotonicClock;
  }

  /**
   * Resolves when the run is over or `stop` is aborted; what is in hand then goes to others. May be called
   * again: model, data and engine are still there. @throws UserError if the coordinator refuses this worker, it
   * fails again and again, or no coordinator answers for `giveUpAfterMs`
   */
  async run(stop: AbortSignal): Promise<Outcome> {
    const { address, wait, watcher, giveUpAfterMs = Number.POSITIVE_INFINITY } = this.options;
    this.failures = 0;
    this.aloneSince = this.clock.now();
    while (!stop.aborted) {
      const { code, why, wasOpen, wasBroken } = await this.connectOnce(stop);
      if (stop.aborted) break;
      if (code === CLOSE.finished.code) return { why, samples: this.samples };
      if (wasBroken)
        throw new UserError(`left: the coordinator at ${address} does not keep to the protocol (${why})`);
      if (code === CLOSE.unable.code) throw new UserError(why);
      if (code !== CLOSE.expired.code) this.expiredSince = undefined;
      else this.expiredSince ??= this.clock.now();
      if (this.clock.now() - (this.expiredSince ?? Number.POSITIVE_INFINITY) >= PATIENCE_WITH_CLOCK_MS)
        throw new UserError(`the coordinator refused this worker: ${why}`);
      if (!mayRetry(code)) throw new UserError(`the coordinator refused this worker: ${why}`);
      if (this.failures >= MOST_FAILURES) {
        throw new UserError(`gave up after ${MOST_FAILURES} failures in a row: ${why}`);
      }
      this.aloneSince ??= this.clock.now();
      const patienceMs = this.aloneSince + giveUpAfterMs - this.clock.now();
      if (patienceMs <= 0) {
        const seconds = giveUpAfterMs / 1000;
        throw new UserError(`gave up: no coordinator at ${address} for ${seconds} s (${why})`);
      }
      const ms = Math.max(
        Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt++),
        this.expiredSince === undefined ? 0 : EXPIRED_RETRY_MS,
        this.failures === 0 ? 0 : Math.min(LONGEST_AFTER_FAILURE_MS, FIRST_RETRY_MS * 2 ** this.failures),
      );
      // Jitter: workers that lost the same coordinator must not all come back in the same instant.
      const retryMs = Math.min(patienceMs, ms * (0.5 + Math.random() / 2));
      this.tell({ type: 'disconnected', address, code, reason: why, wasConnected: wasOpen, retryMs });
      watcher?.lost(why, retryMs, wasOpen);
      await wait(retryMs, stop);
    }
    return { why: 'stopped', samples: this.samples };
  }

  /** The connection is known to be dead, though its socket may look open: makes a new one. */
  reconnect(why: string): void {
    this.abandon(why);
  }

  /** Ends the engine. */
  async release(): Promise<void> {
    const old = this.material;
    this.material = undefined;
    await old?.material.then(({ compute }) => compute.close()).catch(() => undefined);
  }

  /** Much of what is told comes from the network. */
  private tell(happening: WorkerHappening): void {
    this.options.tell(shown(toldByWorker(happening)));
  }

  /** One connection, from opening to closing. */
  private connectOnce(stop: AbortSignal): Promise<Ended> {
    const { name, kind, token, address, dial, watcher } = this.options;
    let held = this.holding && this.hashed(this.holding);
    return new Promise((resolve) => {
      let problem = '';
      let hasFailed = false;
      let wasOpen = false;
      let wasBroken = false;
      let isOver = false;
      const end = (code: number, reason: string) => {
        if (isOver) return;
        isOver = true;
        stop.removeEventListener('abort', leave);
        session.close();
        this.samples += session.samples;
        this.holding = session.holding() ?? this.holding;
        if (session.samples > 0) this.failures = 0;
        if (hasFailed) this.failures++;
        const why = printable(problem || reason || `closed with code ${code}`);
        resolve({ code, why, wasOpen, wasBroken });
      };
      const hear = (act: () => void) => {
        if (isOver) return;
        try {
          act();
        } catch (error) {
          if (!(error instanceof MessageError || error instanceof FrameError)) return fail(error);
          // Later messages of this connection are ignored.
          wasBroken = true;
          connection.close(CLOSE.malformed.code, closeText(printable(error.message)));
          end(CLOSE.malformed.code, error.message);
        }
      };
      const events: ConnectionEvents = {
        opened: () => {
          if (isOver) return;
          wasOpen = true;
          this.attempt = 0;
          this.aloneSince = undefined;
          this.tell({ type: 'connected', address });
          watcher?.connected();
          if (stop.aborted) leave();
          else if (!held) session.opened();
          else
            void held.then((known) => {
              if (isOver) return;
              // They are the session's now, which lets go of them once it has others.
              this.holding = undefined;
              held = undefined;
              session.opened(known);
            });
        },
        place: (head) => (isOver ? undefined : session.place(head)),
        received: (bytes, body) => hear(() => session.received(bytes, body)),
        told: (message) => hear(() => session.told(message)),
        held: (which, version, values) => hear(() => session.hold(which, version, values)),
        closed: end,
      };
      const connection = dial(unlessSilent(events, (why) => this.reconnect(why)));
      const fail = (error: unknown) => {
        // A late result of the old connection must not break the next one.
        if (isOver) return;
        problem = messageOf(error);
        hasFailed = true;
        // A damaged engine is not used again: the next connection starts a new one.
        if (!(error instanceof UserError)) void this.release();
        const reason = error instanceof UserError ? CLOSE.unable : CLOSE.failed;
        connection.close(reason.code, closeText(printable(problem)));
      };
      const session = new Session({
        name,
        kind,
        token,
        socket: connection.socket,
        clock: this.clock,
        prepare: (welcome) => this.prepare(welcome),
        fail,
        tell: (event) => this.tell(event),
        ...(watcher ? { progressed: (progress: RunProgress) => watcher.progressed(progress) } : {}),
      });
      const leave = () => connection.close(CLOSE.leaving.code, 'stopped');
      stop.addEventListener('abort', leave);
      this.abandon = (why) => {
        connection.close(CLOSE.leaving.code, closeText(why));
        end(ABANDONED, why);
      };
    });
  }

  /** @returns undefined where they cannot be hashed: then they are sent */
  private async hashed(held: HeldWeights): Promise<(HeldWeights & { sha256: string }) | undefined> {
    try {
      // A copy: browsers do not hash memory that is shared.
      const sha256 = await this.options.sha256(new Uint8Array(held.weights.slice().buffer));
      return { ...held, sha256 };
    } catch {
      return undefined;
    }
  }

  private async prepare(welcome: Welcome): Promise<RunMaterial> {
    this.fence.admit(welcome);
    this.options.watcher?.welcomed(welcome);
    if (!(this.material && sameMaterial(this.material.welcome, welcome))) {
      void this.release();
      const material = prepareMaterial(welcome, {
        ...this.options,
        startCompute: (subject) => this.options.startCompute(subject, this.wantedEngine(welcome)),
      });
      const kept = { welcome, material };
      this.material = kept;
      // What failed once is tried anew by the next connection.
      material.catch(() => {
        if (this.material === kept) this.material = undefined;
      });
    }
    const material = await this.material.material;
    this.options.watcher?.prepared(material.compute);
    return material;
  }

  /** A run that demands a class is served by the engine of that name; otherwise the owner's wish counts. */
  private wantedEngine({ engineClass }: Welcome): string {
    const { engine } = this.options;
    return engine === 'auto' && engineClass !== 'any' ? engineOf(engineClass) : engine;
  }
}

/** No close code was received: the connection was given up. */
const ABANDONED = 1006;
