/**
 * The worker's side of the protocol, for one connection: takes weights and leases, computes, sends back.
 *
 * Runs alike in Node and in browsers: socket, clock, caches and the engine's thread are handed in. It
 * waits for nothing but events, and forgets at once what a newer version of the weights makes pointless.
 */
import type { Batch } from '../engine/engine.js';
import type { Clock } from '../shared/clock.js';
import { mix } from '../shared/numerics/random.js';
import { printable } from '../shared/printable.js';
import { decodeCoordinatorMessage, encode } from '../shared/protocol/codec.js';
import {
  FRAME_AVERAGED_WEIGHTS,
  FRAME_WEIGHTS,
  type Frame,
  FrameError,
  isFrame,
  peekHeader,
  readFrame,
} from '../shared/protocol/frame.js';
import {
  type Cancel,
  type CoordinatorMessage,
  type Evaluate,
  type Keep,
  type Lease,
  PROTOCOL_VERSION,
  type RunProgress,
  type Welcome,
  type WorkerKind,
  type WorkerMessage,
} from '../shared/protocol/messages.js';
import { MessageError } from '../shared/protocol/msgpack/message-error.js';
import { MAX_ENGINE_CLASS, MAX_LANES, MAX_MESSAGE_BYTES, MAX_REASON } from '../shared/protocol/sizes.js';
import type { WorkerHappening } from '../shared/status/worker-events.js';
import { BatchMemory } from './data/batch-memory.js';
import { checkLease, checkPart, checkWaiting } from './data/check-work.js';
import type { RunMaterial } from './data/material.js';
import { isMeant, type Task, Tasks, versionOf } from './tasks.js';
import { type UploadSocket, Uploads } from './uploads.js';
import { WeightsInbox } from './weights-inbox.js';

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
  /** Hears how the run goes. */
  progressed?(progress: RunProgress): void;
  tell(happening: WorkerHappening): void;
}

/** What waits on a socket that the far end does not read: gradients stop below it, the rest are a few bytes each. */
const MAX_BUFFERED_BYTES = 8 << 20;
/** Gradients of leases that wait for the coordinator's window, together; one of them is always taken. */
const MAX_GRADIENT_BYTES = 2 ** 32;

/** Weights that outlive their connection. */
export interface HeldWeights {
  version: number;
  /** The flat vector. */
  weights: Float32Array;
  /** Whose engine can read them where they lie. */
  material: RunMaterial;
}

export class Session {
  private welcome: Welcome | undefined;
  private material: RunMaterial | undefined;
  private current!: WeightsInbox;
  private averaged!: WeightsInbox;
  private uploads: Uploads | undefined;
  private memory!: BatchMemory;
  private readonly free: Float32Array[] = [];
  private readonly tasks = new Tasks((message) => this.send(message));
  /** What is being computed. Once it is canceled, no further shard of it is begun, and its gradient is not sent. */
  private readonly computing = new Set<{ task: Task; stop: AbortController }>();
  private idleSince = 0;
  /** Which weights the engine has, or will have: `current:7`. */
  private loading = { name: '', done: Promise.resolve() };
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private closed = false;
  /** Samples of the contributions computed here so far. */
  samples = 0;

  /** What an earlier connection has left, until this one has weights of its own. */
  private held: HeldWeights | undefined;
  /** Whether the weights lie in another one's memory. */
  private areElsewhere = false;

  constructor(private readonly options: SessionOptions) {}

  /** The socket is open. @param held weights of an earlier connection, and the hash of their bytes */
  opened(held?: HeldWeights & { sha256: string }): void {
    const { name, kind, token } = this.options;
    this.held = held;
    this.send({
      ...{ type: 'join', protocol: PROTOCOL_VERSION, name, kind },
      ...(token === undefined ? {} : { token }),
      ...(held ? { holds: { version: held.version, sha256: held.sha256 } } : {}),
    });
  }

  /** The newest weights that are whole, for the next connection; nothing here writes to them once this one is closed. */
  holding(): HeldWeights | undefined {
    if (this.material && this.current.version >= 0 && !this.areElsewhere)
      return { version: this.current.version, weights: this.current.weights, material: this.material };
    return this.held;
  }

  /** Where the rest of a message shall lie that begins with these 16 bytes; undefined: nowhere in particular. */
  place(head: Uint8Array): Uint8Array | undefined {
    const header = this.closed || !this.material ? undefined : peekHeader(head);
    if (header?.type === FRAME_WEIGHTS) return this.current.place(header);
    return header?.type === FRAME_AVERAGED_WEIGHTS ? this.averaged.place(header) : undefined;
  }

  /**
   * @param bytes whole; or its head, where `body` lies in the place that was asked for
   * @throws MessageError or FrameError if the coordinator breaks the protocol
   */
  received(bytes: Uint8Array, body?: Uint8Array): void {
    if (this.closed) return;
    const length = bytes.length + (body?.length ?? 0);
    if (length > MAX_MESSAGE_BYTES) throw new MessageError(`a message of ${length} bytes`);
    if (isFrame(bytes)) this.receivedFrame(readFrame(bytes, body));
    else this.told(decodeCoordinatorMessage(bytes));
  }

  /** @throws MessageError if the coordinator breaks the protocol */
  told(message: CoordinatorMessage): void {
    if (this.closed) return;
    if (message.type === 'welcome') {
      if (this.welcome) throw new MessageError('a second welcome');
      if (message.protocol !== PROTOCOL_VERSION)
        throw new MessageError(`it speaks version ${message.protocol}, this worker ${PROTOCOL_VERSION}`);
      this.welcome = message;
      this.welcomed(message).catch(this.options.fail);
      return;
    }
    // Tells nothing but how the run goes; sent also to those who are not ready.
    if (message.type === 'progress') return this.options.progressed?.(message);
    if (!this.material) throw new MessageError(`${message.type} before this worker was ready`);
    switch (message.type) {
      case 'keep':
        return this.kept(message, this.material);
      case 'lease':
        return this.leased(message, this.material);
      case 'evaluate':
        return this.asked(message, this.material);
      case 'window':
        return this.uploads!.open(message.step, message.window);
      case 'cancel':
        return this.canceled(message);
      default:
        message satisfies never;
    }
  }

  /** A version of the weights is whole, and lies where it is to be read. */
  hold(which: Evaluate['weights'], version: number, values: Float32Array): void {
    if (this.closed) return;
    if (!this.material) throw new MessageError('weights before this worker was ready');
    const inbox = this.inboxOf(which);
    const isFirst = inbox.version < 0;
    this.areElsewhere = true;
    inbox.hold(version, values);
    if (which === 'averaged') this.pump();
    else this.turnedTo(version, isFirst);
  }

  /** The socket is gone. The engine is the next session's: it ends after the shard in hand. */
  close(): void {
    this.closed = true;
    this.tasks.clear();
    for (const { stop } of this.computing) stop.abort();
    this.uploads?.clear();
    for (const gradient of this.free.splice(0)) this.options.socket.release?.(gradient);
    clearInterval(this.heartbeat);
  }

  private async welcomed(welcome: Welcome): Promise<void> {
    this.heartbeat = setInterval(() => this.send({ type: 'heartbeat' }), welcome.heartbeatMs);
    const material = await this.options.prepare(welcome);
    if (this.closed) return;
    const { compute, layout } = material;
    this.material = material;
    const allocate = (elements: number) => compute.allocate(elements);
    this.memory = new BatchMemory(allocate);
    this.current = new WeightsInbox(layout, allocate);
    this.averaged = new WeightsInbox(layout, allocate);
    this.uploads = new Uploads(layout, this.options.socket, (gradient) => this.release(gradient));
    this.idleSince = this.options.clock.now();
    const { name, engineClass, reason, lanes } = compute;
    this.options.tell({ type: 'engine', engine: name, engineClass, reason });
    // The text comes from drivers and libraries, and may be of any length.
    this.send({
      type: 'ready',
      engine: name,
      engineClass: printable(engineClass).slice(0, MAX_ENGINE_CLASS),
      reason: printable(reason).slice(0, MAX_REASON),
      ...(lanes === undefined || lanes === 1 ? {} : { lanes: Math.min(lanes, MAX_LANES) }),
    });
  }

  /** What is held is current. */
  private kept({ version }: Keep, material: RunMaterial): void {
    const { held } = this;
    const isHeld = held?.version === version && held.weights.length === material.layout.total;
    if (!isHeld || this.current.version >= 0)
      throw new MessageError(`version ${version} of the weights is to be kept, which is not held`);
    let { weights } = held;
    // Another engine may not read the memory of the one before.
    if (held.material !== material) {
      weights = material.compute.allocate(weights.length);
      weights.set(held.weights);
    }
    this.current.hold(version, weights);
    this.turnedTo(version, true);
  }

  private leased(lease: Lease, material: RunMaterial): void {
    const { limits } = material;
    checkLease(lease, limits);
    const waiting = this.tasks.turnTo(lease.step);
    if (!waiting) return this.send({ type: 'dropped', step: lease.step, node: lease.node });
    checkWaiting(lease, waiting, limits);
    this.tasks.add({ kind: 'lease', lease, shards: this.assemble(lease, material) });
    this.pump();
  }

  private asked(part: Evaluate, { limits, test }: RunMaterial): void {
    checkPart(part, limits);
    const waiting = this.tasks.turnTo(part.version);
    if (!waiting) return this.send({ type: 'dropped', step: part.version, part: part.part });
    checkWaiting(part, waiting, limits);
    this.tasks.add({ kind: 'evaluate', part, batch: settledLater(test.range(part.from, part.to)) });
    this.pump();
  }

  private receivedFrame(frame: Frame): void {
    if (!this.material) throw new FrameError('weights before this worker was ready');
    if (frame.type === FRAME_AVERAGED_WEIGHTS) {
      if (this.averaged.add(frame)) this.pump();
      return;
    }
    if (frame.type !== FRAME_WEIGHTS) throw new FrameError(`frame type ${frame.type} is not a coordinator's`);
    const first = this.current.version < 0;
    if (!this.current.add(frame)) return;
    this.turnedTo(this.current.version, first);
  }

  /** The current weights are those of another version. */
  private turnedTo(version: number, isFirst: boolean): void {
    this.held = undefined;
    this.uploads!.dropBefore(version);
    if (isFirst) this.send({ type: 'synced', version });
    this.pump();
    // The lease will follow: what it needs is there sooner. A failure counts where it is waited for.
    if (this.computing.size === 0) void settledLater(this.load('current'));
  }

  private canceled(message: Cancel): void {
    this.tasks.drop((task) => isMeant(task, message));
    for (const { task, stop } of this.computing) if (isMeant(task, message)) stop.abort();
    if (message.node !== undefined) this.uploads!.cancel(message.step, message.node);
  }

  /** Starts the next tasks that can be computed, as many as the engine computes at a time. */
  private pump(): void {
    if (this.closed || !this.material) return;
    const { lanes = 1 } = this.material.compute;
    this.tasks.drop((task) => versionOf(task) < this.current.version);
    while (this.computing.size < lanes) {
      const task = this.tasks.take((candidate) => this.canStart(candidate));
      if (!task) return;
      const begun = { task, stop: new AbortController() };
      this.computing.add(begun);
      this.compute(task, this.material, begun.stop.signal)
        .catch((error) => this.options.fail(error))
        .finally(() => {
          this.computing.delete(begun);
          this.idleSince = this.options.clock.now();
          this.pump();
        });
    }
  }

  private async compute(task: Task, material: RunMaterial, stop: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const waited = () => (this.computing.size > 1 ? 0 : clock.now() - this.idleSince);
    if (task.kind === 'evaluate') {
      const { part } = task;
      const batch = await task.batch;
      await this.load(part.weights);
      const started = clock.now();
      const { loss, metric, confusion, mistakes } = await material.compute.evaluate(batch);
      this.send({
        type: 'evaluated',
        version: part.version,
        part: part.part,
        samples: batch.count,
        loss,
        metric,
        ...(confusion ? { confusion: Array.from(confusion) } : {}),
        ...(mistakes ? { mistakes } : {}),
        computeMs: clock.now() - started,
      });
      return;
    }
    const { lease } = task;
    const batches = await task.shards;
    if (stop.aborted) return this.send({ type: 'dropped', step: lease.step, node: lease.node });
    const waitMs = waited();
    const started = clock.now();
    await this.load('current');
    const loadMs = clock.now() - started;
    const gradient = this.free.pop() ?? this.newGradient(material);
    const shards = batches.map((batch, at) => ({
      batch,
      seed: mix(this.welcome!.seed, lease.step, lease.firstShard + at),
    }));
    const sums = await material.compute.computeNode(shards, gradient, stop);
    this.memory.give(batches);
    this.samples += sums.samples;
    this.send({
      type: 'contribution',
      step: lease.step,
      node: lease.node,
      samples: sums.samples,
      loss: sums.loss,
      metric: sums.metric,
      computeMs: sums.computeMs === undefined ? clock.now() - started : loadMs + sums.computeMs,
      waitMs,
    });
    if (stop.aborted || lease.step < this.current.version) this.release(gradient);
    else this.uploads!.add(lease, gradient);
  }

  /** @throws Error where so many wait to be sent that one more is too many */
  private newGradient({ compute, layout }: RunMaterial): Float32Array {
    const waiting = this.uploads!.length;
    if (waiting > 0 && (waiting + 1) * 4 * layout.total > MAX_GRADIENT_BYTES)
      throw new Error(`${waiting} gradients wait for the coordinator, and there is no room for another one`);
    return this.options.socket.allocate?.(layout.total) ?? compute.allocate(layout.total);
  }

  private release(gradient: Float32Array): void {
    if (this.closed) this.options.socket.release?.(gradient);
    else this.free.push(gradient);
  }

  private load(which: Evaluate['weights']): Promise<void> {
    const inbox = this.inboxOf(which);
    const name = `${which}:${inbox.version}`;
    if (this.loading.name !== name) {
      this.loading = { name, done: this.material!.compute.setWeights(inbox.weights) };
      // Others may be computed with the same weights.
      this.pump();
    }
    return this.loading.done;
  }

  /** Its weights are here, and nothing is computed with others. */
  private canStart(task: Task): boolean {
    const which = task.kind === 'lease' ? 'current' : task.part.weights;
    const { version } = this.inboxOf(which);
    const isAlone = this.computing.size === 0 || this.loading.name === `${which}:${version}`;
    return versionOf(task) === version && isAlone;
  }

  private inboxOf(which: Evaluate['weights']): WeightsInbox {
    return which === 'current' ? this.current : this.averaged;
  }

  private assemble(lease: Lease, { order, train }: RunMaterial): Promise<Batch[]> {
    const positions = order(lease.epoch);
    const batches = lease.bounds
      .slice(1)
      .map((end, at) => train.assemble(positions.subarray(lease.bounds[at]!, end), this.memory.take));
    return settledLater(Promise.all(batches));
  }

  private send(message: WorkerMessage): void {
    if (this.closed) return;
    const { socket, fail } = this.options;
    if (socket.tell) socket.tell(message);
    else if (socket.bufferedBytes() > MAX_BUFFERED_BYTES) fail(new Error('the coordinator does not read'));
    else socket.send(encode(message));
  }
}

/** A failure counts where the promise is awaited; until then it is no unhandled rejection. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
