/**
 * A cluster on simulated time: the coordinator's core and workers' real sessions, joined by connections that
 * have latencies, on one list of events. Everything is drawn from a seed; the same seed plays the same run.
 *
 * Faults: workers die with or without a sound, freeze and thaw, are cut off and come back; the coordinator
 * is replaced. What is not simulated: a message lost or doubled within a connection, which TCP rules out.
 */
import { createHash } from 'node:crypto';
import type { Core } from '../../../coordinator/run/core.js';
import { OPEN_GUARD } from '../../../coordinator/server/access/connection-guard.js';
import { serveConnection } from '../../../coordinator/server/connection.js';
import { Random } from '../../../shared/numerics/random.js';
import { mayRetry } from '../../../shared/protocol/close-codes.js';
import { encode } from '../../../shared/protocol/codec.js';
import type { RunMaterial } from '../../../worker/data/material.js';
import { Session } from '../../../worker/session.js';
import { lastEvents } from './last-events.js';
import { ManualClock, ServerEnd } from './memory-network.js';

/** Milliseconds that a message is under way, at least and at most. */
const LATENCY_MS = [1, 5] as const;
/** ...and so much longer behind another one, at most: on most connections, and on every third. */
const FAST_MESSAGE_MS = 3;
const SLOW_MESSAGE_MS = 60;
/** A worker comes back after this long, at least and at most. */
const RETRY_MS = [100, 400] as const;

interface Event {
  at: number;
  order: number;
  run(): void;
}

export class Simulation {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly machines = new Set<Machine>();
  /** Errors that sessions have met: there must be none. */
  readonly failures: unknown[] = [];
  /** The coordinator that can be reached now, if any. */
  core: Core | undefined;
  /** Simulated time by which something must have been done: a run that stands still is a failure. */
  patience = Number.POSITIVE_INFINITY;
  private readonly events: Event[] = [];
  private order = 0;

  constructor(
    seed: number,
    /** What a machine computes with. */
    readonly material: (machine: Machine) => RunMaterial,
    /** Whether every third connection is slow. */
    readonly slowConnections = true,
  ) {
    this.random = new Random(seed);
  }

  after(ms: number, run: () => void): void {
    const event = { at: this.clock.time + ms, order: this.order++, run };
    // Kept in order; most new events come near the end.
    let at = this.events.length;
    while (at > 0 && this.events[at - 1]!.at > event.at) at--;
    this.events.splice(at, 0, event);
  }

  every(ms: number, run: () => void): void {
    this.after(ms, () => {
      run();
      this.every(ms, run);
    });
  }

  start(name: string, speed: number): Machine {
    const machine = new Machine(this, name, speed);
    this.machines.add(machine);
    machine.connect();
    return machine;
  }

  /** Plays events until `until` has settled. @throws the first error that a session meets */
  async play<T>(until: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    until.then(settle, settle);
    // What promises lead to happens before the next event.
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return until;
      if (this.failures.length > 0) throw this.failures[0];
      const event = this.events.shift();
      if (!event) throw new Error('nothing is left to happen, and the run is not over');
      if (event.at > this.patience) throw new Error('the run stands still');
      this.clock.time = event.at;
      event.run();
    }
  }
}

/** One connection: two directions, each in order. */
class Connection {
  readonly server: ServerEnd;
  private readonly lastDue = { up: 0, down: 0 };

  constructor(
    private readonly machine: Machine,
    private readonly simulation: Simulation,
    received: (bytes: Uint8Array) => void,
    closed: (code: number) => void,
  ) {
    this.server = new ServerEnd(
      (fragments, flushed) => {
        this.deliver('down', () => {
          const message = Buffer.concat(fragments);
          flushed();
          received(message);
        });
      },
      (code) => this.deliver('down', () => closed(code)),
    );
  }

  /** Hands the coordinator a message. */
  send(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes.slice());
    this.deliver('up', () => {
      if (this.server.isOpen()) this.server.receive(copy);
    });
  }

  /** The worker's side is gone and its system says so. */
  reset(): void {
    this.deliver('up', () => this.server.terminate());
  }

  private deliver(direction: 'up' | 'down', run: () => void): void {
    const { random, clock } = this.simulation;
    const next = this.lastDue[direction] + this.machine.messageMs;
    const due = Math.max(next, clock.time + random.between(...LATENCY_MS));
    this.lastDue[direction] = due;
    // A connection that is held up holds its order: everything waits for what could not go on.
    this.simulation.after(due - clock.time, () => this.machine.whenReachable(run));
  }
}

export class Machine {
  private session: Session | undefined;
  private connection: Connection | undefined;
  private isAlive = true;
  /** Frozen, or cut off: what was to happen to it waits here. */
  private held: (() => void)[] | undefined;
  isFrozen = false;
  /** What one message takes on its connection, beside the latency. */
  readonly messageMs: number;

  constructor(
    private readonly simulation: Simulation,
    readonly name: string,
    /** Samples a millisecond. */
    public speed: number,
  ) {
    const { random } = simulation;
    this.messageMs = random.between(
      0,
      simulation.slowConnections && random.below(3) === 0 ? SLOW_MESSAGE_MS : FAST_MESSAGE_MS,
    );
  }

  private note(what: string): void {
    lastEvents.add(this.simulation.clock.time, this.name, () => what);
  }

  /** Runs now, or once the machine can be reached again. */
  whenReachable(run: () => void): void {
    if (this.held) this.held.push(run);
    else run();
  }

  /** Calls back after `ms` of the machine's own time: none passes while it is frozen. */
  work(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.simulation.after(ms, () => {
        if (!this.isAlive) return;
        if (this.isFrozen) this.whenReachable(resolve);
        else resolve();
      });
    });
  }

  connect(): void {
    const { simulation } = this;
    if (!this.isAlive) return;
    if (!simulation.core || this.held) {
      simulation.after(simulation.random.between(...RETRY_MS), () => this.connect());
      return;
    }
    const connection = new Connection(
      this,
      simulation,
      (bytes) => {
        if (this.isAlive && this.connection === connection) session.received(bytes);
      },
      (code) => {
        if (this.connection !== connection) return;
        session.close();
        this.connection = undefined;
        if (!mayRetry(code))
          simulation.failures.push(new Error(`${this.name} was refused for good: ${code}`));
        simulation.after(simulation.random.between(...RETRY_MS), () => this.connect());
      },
    );
    const session = new Session({
      name: this.name,
      kind: 'node',
      socket: {
        send: (bytes, flushed) => {
          connection.send(bytes);
          // The bytes were copied: their memory is free as soon as the sender is done with them.
          queueMicrotask(() => flushed?.());
        },
        sendFrame: (header, body, flushed) => {
          connection.send(Buffer.concat([header, body]));
          queueMicrotask(flushed);
        },
        bufferedBytes: () => 0,
      },
      clock: simulation.clock,
      prepare: async () => simulation.material(this),
      fail: (error) => simulation.failures.push(error),
      sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
      tell: () => undefined,
    });
    this.session = session;
    this.connection = connection;
    const guard = { ...OPEN_GUARD, trace: lastEvents.tap(this.name, () => simulation.clock.time) };
    serveConnection(connection.server, simulation.core.swarm, guard);
    session.opened();
  }

  heartbeat(): void {
    if (!this.isAlive || this.held) return;
    this.connection?.send(encode({ type: 'heartbeat' }));
  }

  /** kill -9; `silently`: with its whole machine, so that nobody closes its connection. */
  kill(silently = false): void {
    this.note(silently ? 'is killed with its machine' : 'is killed');
    this.isAlive = false;
    this.session?.close();
    if (!silently) this.connection?.reset();
    this.held = undefined;
    this.connection = undefined;
    this.simulation.machines.delete(this);
  }

  /** Nothing reaches it or leaves it, for `ms`; `frozen`: it does not compute either. */
  holdUp(ms: number, frozen: boolean): void {
    if (this.held) return;
    this.held = [];
    this.isFrozen = frozen;
    this.note(`is ${frozen ? 'frozen' : 'cut off'} for ${ms.toFixed(1)} ms`);
    this.simulation.after(ms, () => {
      this.note('goes on');
      const held = this.held ?? [];
      this.held = undefined;
      this.isFrozen = false;
      for (const run of held) this.whenReachable(run);
    });
  }

  /** The coordinator is gone, and its system has closed the connection. */
  coordinatorDied(): void {
    const { connection, session } = this;
    if (!connection) return;
    this.note('loses its coordinator');
    this.connection = undefined;
    connection.server.vanish();
    session?.close();
    this.simulation.after(this.simulation.random.between(...RETRY_MS), () => this.connect());
  }
}
