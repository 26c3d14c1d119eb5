/**
 * The worker's side of the protocol, for one connection: joins, gets ready, and hands each message on to what deals with
 * it (`weights/`, `computing/`, `sending/`).
 *
 * Runs alike in Node and in browsers: socket, clock, caches and the engine's thread are handed in.
 */
import type { Clock } from '../shared/clock.js';
import { createExchange } from '../shared/numerics/codec/exchange.js';
import { createWeightsCode } from '../shared/numerics/codec/weights/weights-code.js';
import { printable } from '../shared/printable.js';
import { decodeCoordinatorMessage } from '../shared/protocol/codec.js';
import { FrameError, isFrame, readFrame } from '../shared/protocol/frame.js';
import type { WhichWeights } from '../shared/protocol/in-process.js';
import {
  type Check,
  type CoordinatorMessage,
  PROTOCOL_VERSION,
  type RunProgress,
  type Welcome,
  type WorkerKind,
} from '../shared/protocol/messages.js';
import { MessageError } from '../shared/protocol/msgpack/message-error.js';
import { MAX_ENGINE_CLASS, MAX_LANES, MAX_MESSAGE_BYTES, MAX_REASON } from '../shared/protocol/sizes.js';
import type { WorkerHappening } from '../shared/status/worker-events.js';
import { GradientBuffers } from './computing/gradient-buffers.js';
import { TaskRunner } from './computing/task-runner.js';
import type { RunMaterial } from './data/material.js';
import { Outbox } from './sending/outbox.js';
import { type UploadSocket, Uploads } from './sending/uploads.js';
import { bytesOf } from './weights/hashed-bytes.js';
import { type HeldWeights, type NewVersion, WeightVersions } from './weights/weight-versions.js';

export interface SessionOptions {
  name: string;
  kind: WorkerKind;
  /** Where the run asks for one. */
  token?: string | undefined;
  socket: UploadSocket;
  clock: Clock;
  /** Fetches what the welcome names, and starts the engine. */
  prepare(welcome: Welcome): Promise<RunMaterial>;
  /** Something broke that this connection cannot mend: it is to be closed with this reason. */
  fail(error: unknown): void;
  /** In hexadecimal; without it, no weights are compared. */
  sha256?(bytes: Uint8Array): Promise<string>;
  /** Hears how the run goes. */
  progressed?(progress: RunProgress): void;
  tell(happening: WorkerHappening): void;
}

/** What a session has once its material is there. */
interface Ready {
  weights: WeightVersions;
  gradients: GradientBuffers;
  uploads: Uploads;
  runner: TaskRunner;
}

export class Session {
  private readonly outbox: Outbox;
  private isWelcome = false;
  private ready: Ready | undefined;
  /** What an earlier connection has left, until this one has weights of its own. */
  private held: HeldWeights | undefined;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private closed = false;

  constructor(private readonly options: SessionOptions) {
    this.outbox = new Outbox(options.socket, options.fail);
  }

  /** Samples of the contributions computed here so far. */
  get samples(): number {
    return this.ready?.runner.samples ?? 0;
  }

  /** The socket is open. @param held weights of an earlier connection, and the hash of their bytes */
  opened(held?: HeldWeights & { sha256: string }): void {
    const { name, kind, token } = this.options;
    this.held = held;
    this.outbox.send({
      ...{ type: 'join', protocol: PROTOCOL_VERSION, name, kind },
      ...(token === undefined ? {} : { token }),
      ...(held ? { holds: { version: held.version, sha256: held.sha256 } } : {}),
    });
  }

  /** The newest weights that are whole, for the next connection; nothing here writes to them once this one is closed. */
  holding(): HeldWeights | undefined {
    return this.ready?.weights.owned() ?? this.held;
  }

  /** Where the rest of a message shall lie that begins with these 16 bytes; undefined: nowhere in particular. */
  place(head: Uint8Array): Uint8Array | undefined {
    return this.closed ? undefined : this.ready?.weights.place(head);
  }

  /**
   * @param bytes whole; or its head, where `body` lies in the place that was asked for
   * @throws MessageError or FrameError if the coordinator breaks the protocol
   */
  received(bytes: Uint8Array, body?: Uint8Array): void {
    if (this.closed) return;
    const length = bytes.length + (body?.length ?? 0);
    if (length > MAX_MESSAGE_BYTES) throw new MessageError(`a message of ${length} bytes`);
    if (!isFrame(bytes)) return this.told(decodeCoordinatorMessage(bytes));
    const frame = readFrame(bytes, body);
    if (!this.ready) throw new FrameError('weights before this worker was ready');
    const whole = this.ready.weights.add(frame);
    if (whole) this.turnedTo(whole, this.ready);
  }

  /** @throws MessageError if the coordinator breaks the protocol */
  told(message: CoordinatorMessage): void {
    if (this.closed) return;
    if (message.type === 'welcome') return this.welcomed(message);
    // Tells nothing but how the run goes; sent also to those who are not ready.
    if (message.type === 'progress') return this.options.progressed?.(message);
    const { ready } = this;
    if (!ready) throw new MessageError(`${message.type} before this worker was ready`);
    switch (message.type) {
      case 'keep':
        return this.turnedTo(ready.weights.keep(message, this.held), ready);
      case 'check':
        return void this.check(message, ready);
      case 'lease':
        return ready.runner.lease(message);
      case 'evaluate':
        return ready.runner.evaluate(message);
      case 'window':
        return ready.uploads.open(message.step, message.window);
      case 'cancel':
        ready.runner.cancel(message);
        if (message.node !== undefined) ready.uploads.cancel(message.step, message.node);
        return;
      default:
        message satisfies never;
    }
  }

  /** A version of the weights is whole, and lies where it is to be read. */
  hold(which: WhichWeights, version: number, values: Float32Array): void {
    if (this.closed) return;
    if (!this.ready) throw new MessageError('weights before this worker was ready');
    this.turnedTo(this.ready.weights.hold(which, version, values), this.ready);
  }

  /** The socket is gone. The engine is the next session's: it ends after the shard in hand. */
  close(): void {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.outbox.close();
    if (!this.ready) return;
    const { runner, gradients, uploads } = this.ready;
    runner.close();
    gradients.close();
    uploads.clear();
  }

  private welcomed(welcome: Welcome): void {
    if (this.isWelcome) throw new MessageError('a second welcome');
    if (welcome.protocol !== PROTOCOL_VERSION)
      throw new MessageError(`it speaks version ${welcome.protocol}, this worker ${PROTOCOL_VERSION}`);
    this.isWelcome = true;
    this.heartbeat = setInterval(() => this.outbox.send({ type: 'heartbeat' }), welcome.heartbeatMs);
    this.prepare(welcome).catch(this.options.fail);
  }

  private async prepare(welcome: Welcome): Promise<void> {
    const material = await this.options.prepare(welcome);
    if (this.closed) return;
    this.ready = this.partsOf(material, welcome);
    const { name, engineClass, reason, lanes } = material.compute;
    this.options.tell({ type: 'engine', engine: name, engineClass, reason });
    // The text comes from drivers and libraries, and may be of any length.
    this.outbox.send({
      type: 'ready',
      engine: name,
      engineClass: printable(engineClass).slice(0, MAX_ENGINE_CLASS),
      reason: printable(reason).slice(0, MAX_REASON),
      ...(lanes === undefined || lanes === 1 ? {} : { lanes: Math.min(lanes, MAX_LANES) }),
    });
  }

  private partsOf(material: RunMaterial, { seed, exchange: terms, weights: coding }: Welcome): Ready {
    const { socket, clock, fail } = this.options;
    const { outbox } = this;
    const { compute, layout } = material;
    const weights = new WeightVersions(material, createWeightsCode(coding, layout));
    const gradients = new GradientBuffers(layout.total, socket, (elements) => compute.allocate(elements));
    const uploads = new Uploads(layout, socket, (gradient) => gradients.giveBack(gradient));
    const exchange = createExchange(terms, seed, layout);
    const runner = new TaskRunner({
      ...{ material, weights, gradients, uploads, outbox, clock, seed, exchange, fail },
    });
    return { weights, gradients, uploads, runner };
  }

  /** Compares what is held of a version with what was sent. @throws MessageError if it is not the version that is held */
  private check({ version, sha256 }: Check, { weights }: Ready): void {
    const held = weights.of('current');
    // All of them are under way already.
    if (held.version < 0) return;
    if (held.version !== version)
      throw new MessageError(`version ${version} is to be compared, where ${held.version} is held`);
    // Later ones follow from what this one was, also where it is gone by the time that it is hashed.
    this.options.sha256?.(bytesOf(held.weights, weights.layout)).then(
      (own) => {
        if (this.closed || own === sha256) return;
        held.distrust();
        this.outbox.send({ type: 'differs', version });
      },
      // What cannot be hashed cannot be compared.
      () => undefined,
    );
  }

  private turnedTo({ which, version, isFirst }: NewVersion, { uploads, runner }: Ready): void {
    if (which === 'current') {
      this.held = undefined;
      uploads.dropBefore(version);
      if (isFirst) this.outbox.send({ type: 'synced', version });
    }
    runner.weightsCame(which);
  }
}
