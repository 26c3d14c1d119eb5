/**
 * A cluster in one process, without sockets or clocks of its own: the coordinator's core and workers'
 * sessions, joined by queues. What is delivered next is drawn at random from a seed, in order on each
 * connection, so that a failure can be played again.
 */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Core } from '../../coordinator/core.js';
import { serveConnection } from '../../coordinator/server/connection.js';
import type { Clock } from '../../shared/clock.js';
import type { WorkerKind } from '../../shared/protocol/messages.js';
import { Random } from '../../shared/random.js';
import type { RunMaterial } from '../../worker/material.js';
import { Session } from '../../worker/session.js';
import type { UploadSocket } from '../../worker/uploads.js';

/** A clock that tests move. */
export class ManualClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
}

/** As much of a `ws` socket as a connection uses. */
export class ServerEnd extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  /** Of a message in fragments. */
  private fragments: Uint8Array[] = [];
  /** @param deliver gets a message as it lies with its sender: what is not delivered at once may change meanwhile */
  constructor(
    private readonly deliver: (fragments: readonly Uint8Array[], flushed: () => void) => void,
    private readonly closed: (code: number, reason: string) => void,
  ) {
    super();
  }
  send(bytes: Uint8Array, { fin = true }: { fin?: boolean }, done?: () => void): void {
    this.fragments.push(bytes);
    if (!fin) return;
    const { fragments } = this;
    this.fragments = [];
    this.deliver(fragments, () => done?.());
  }
  close(code: number, reason: string): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    this.closed(code, reason);
    this.emit('close', code);
  }
  terminate(): void {
    this.close(1006, '');
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
    const socket: UploadSocket = {
      send: (bytes, flushed) => {
        const copy = Buffer.from(bytes.slice());
        up.push(() => {
          flushed?.();
          server.emit('message', copy, true);
        });
      },
      bufferedBytes: () => 0,
    };
    const session = new Session({
      name,
      kind,
      socket,
      clock: this.clock,
      prepare: async () => material,
      fail: (error) => this.failures.push(error),
      log: () => undefined,
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
    serveConnection(server as unknown as WebSocket, this.core.swarm, { up: 0, down: 0 });
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
