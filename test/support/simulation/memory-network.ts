/**
 * A cluster in one process, without sockets or clocks of its own: the coordinator's core and workers'
 * sessions, joined by queues. What is delivered next is drawn at random from a seed, in order on each
 * connection, so that a failure can be played again.
 */
import type { Core } from '../../../coordinator/run/core.js';
import { OPEN_GUARD } from '../../../coordinator/server/access/connection-guard.js';
import { serveConnection } from '../../../coordinator/server/connection.js';
import type { ServerSocket, SocketEvents } from '../../../coordinator/server/sockets/server-socket.js';
import type { Clock } from '../../../shared/clock.js';
import { Random } from '../../../shared/numerics/random.js';
import { HEADER_BYTES } from '../../../shared/protocol/frame.js';
import type { WorkerKind } from '../../../shared/protocol/messages.js';
import type { RunMaterial } from '../../../worker/data/material.js';
import type { UploadSocket } from '../../../worker/sending/uploads.js';
import { Session } from '../../../worker/session.js';
import { lastEvents } from './last-events.js';

/** A clock that tests move. */
export class ManualClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
}

/** The coordinator's end of a connection without a network. */
export class ServerEnd implements ServerSocket {
  private open = true;
  private events: SocketEvents | undefined;
  /** @param deliver gets a message as it lies with its sender: what is not delivered at once may change meanwhile */
  constructor(
    private readonly deliver: (fragments: readonly Uint8Array[], flushed: () => void) => void,
    private readonly closed: (code: number, reason: string) => void,
  ) {}
  isOpen(): boolean {
    return this.open;
  }
  bufferedBytes(): number {
    return 0;
  }
  send(bytes: Uint8Array, sent: () => void): void {
    this.deliver([bytes], sent);
  }
  sendFrame(header: Uint8Array, body: Uint8Array, sent: () => void): void {
    this.deliver([header, body], sent);
  }
  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.closed(code, reason);
    this.events?.closed(code, '');
  }
  listen(events: SocketEvents): void {
    this.events = events;
  }
  /** A message comes from the far end. */
  receive(bytes: Uint8Array, isBinary = true): void {
    const [head, rest] = [bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES)];
    // As a reader of frames does it: a body lies where it is asked to, if it fits.
    const place = isBinary && head.length === HEADER_BYTES ? this.events?.place(head) : undefined;
    if (!(place instanceof Uint8Array) || place.length < rest.length)
      return this.events?.received(bytes, isBinary);
    place.set(rest);
    this.events?.received(head, isBinary, place.subarray(0, rest.length));
  }
  terminate(): void {
    this.close(1006, '');
  }
  /** Its process is gone: nobody here hears of it. */
  vanish(): void {
    this.open = false;
  }
}

export interface MemoryWorker {
  name: string;
  session: Session;
  /** Set once the connection is closed. */
  closed: { code: number; reason: string } | undefined;
  /** The connection breaks: nothing more is delivered in either direction. */
  kill(): void;
}

export class MemoryNetwork {
  private readonly random: Random;
  private readonly queues: (() => void)[][] = [];
  readonly workers: MemoryWorker[] = [];
  /** Errors that workers have met. */
  readonly failures: unknown[] = [];

  constructor(
    private readonly core: Core,
    private readonly clock: Clock,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  /** Connects a worker that has `material`. */
  join(name: string, material: RunMaterial, kind: WorkerKind = 'node'): MemoryWorker {
    const up: (() => void)[] = [];
    const down: (() => void)[] = [];
    this.queues.push(up, down);
    const server = new ServerEnd(
      (fragments, flushed) => {
        down.push(() => {
          const message = Buffer.concat(fragments);
          flushed();
          if (!worker.closed) session.received(message);
        });
      },
      (code, reason) => {
        worker.closed = { code, reason };
        down.push(() => session.close());
      },
    );
    const send = (parts: Uint8Array[], flushed: (() => void) | undefined) => {
      const copy = Buffer.concat(parts);
      up.push(() => {
        flushed?.();
        server.receive(copy);
      });
    };
    const socket: UploadSocket = {
      send: (bytes, flushed) => send([bytes], flushed),
      sendFrame: (header, body, flushed) => send([header, body], flushed),
      bufferedBytes: () => 0,
    };
    const session = new Session({
      name,
      kind,
      socket,
      clock: this.clock,
      prepare: async () => material,
      fail: (error) => this.failures.push(error),
      tell: () => undefined,
    });
    const worker: MemoryWorker = {
      name,
      session,
      closed: undefined,
      kill: () => {
        up.length = 0;
        down.length = 0;
        session.close();
        server.terminate();
      },
    };
    const guard = { ...OPEN_GUARD, trace: lastEvents.tap(name, () => this.clock.now()) };
    serveConnection(server, this.core.swarm, guard);
    session.opened();
    this.workers.push(worker);
    return worker;
  }

  /**
   * Delivers messages in random order until `until` has settled; `between` is called before each.
   * Engines work in between: an empty network waits for the next turn of the event loop.
   * @throws the first error that a worker meets
   */
  async deliver<T>(until: Promise<T>, between: () => void = () => undefined): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    until.then(settle, settle);
    while (!settled) {
      between();
      if (this.failures.length > 0) throw this.failures[0];
      const waiting = this.queues.filter((queue) => queue.length > 0);
      if (waiting.length > 0) waiting[this.random.below(waiting.length)]!.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return until;
  }

  /** Ends all sessions, and the core. */
  close(): void {
    for (const worker of this.workers) worker.session.close();
    this.core.stop();
  }
}
