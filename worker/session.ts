/**
 * The worker's side of the protocol, for one connection: takes weights and leases, computes, sends back.
 *
 * Runs alike in Node and in browsers: socket, clock, caches and the engine's thread are handed in. It
 * waits for nothing but events, and forgets at once what a newer version of the weights makes pointless.
 */
import type { Clock } from '../shared/clock.js';
import { decodeCoordinatorMessage, encode } from '../shared/protocol/codec.js';
import {
  FRAME_AVERAGED_WEIGHTS,
  FRAME_WEIGHTS,
  FrameError,
  isFrame,
  readFrame,
} from '../shared/protocol/frame.js';
import {
  type Cancel,
  type Evaluate,
  type Lease,
  PROTOCOL_VERSION,
  type Progress,
  type Welcome,
  type WorkerKind,
} from '../shared/protocol/messages.js';
import { mix } from '../shared/random.js';
import type { Batch } from './engine/engine.js';
import type { RunMaterial } from './material.js';
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
  progressed?(progress: Progress): void;
  log(text: string): void;
}

export class Session {
  private material: RunMaterial | undefined;
  private seed = 0;
  private current!: WeightsInbox;
  private averaged!: WeightsInbox;
  private uploads!: Uploads;
  private readonly free: Float32Array[] = [];
  private readonly tasks = new Tasks((message) => this.send(message));
  /** What is being computed. Once it is cancelled, no further shard of it is begun, and its gradient is not sent. */
  private computing: { task: Task; stop: AbortController } | undefined;
  private idleSince = 0;
  /** Which weights the engine has: `current:7`. */
  private loaded = '';
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private closed = false;
  /** Samples of the contributions computed here so far. */
  samples = 0;

  constructor(private readonly options: SessionOptions) {}

  /** The socket is open. */
  opened(): void {
    const { name, kind, token } = this.options;
    const shown = token === undefined ? {} : { token };
    this.send({ type: 'join', protocol: PROTOCOL_VERSION, name, kind, ...shown });
  }

  /** @throws MessageError or FrameError if the coordinator breaks the protocol. */
  received(bytes: Uint8Array): void {
    if (this.closed) return;
    if (isFrame(bytes)) return this.receivedFrame(bytes);
    const message = decodeCoordinatorMessage(bytes);
    switch (message.type) {
      case 'welcome':
        this.welcomed(message).catch(this.options.fail);
        return;
      case 'lease':
        this.tasks.add({ kind: 'lease', lease: message, shards: this.assemble(message) });
        return this.pump();
      case 'evaluate':
        this.tasks.add({ kind: 'evaluate', part: message, batch: this.assemblePart(message) });
        return this.pump();
      case 'window':
        return this.uploads.open(message.step, message.window);
      case 'cancel':
        return this.cancelled(message);
      case 'progress':
        return this.options.progressed?.(message);
      default:
        message satisfies never;
    }
  }

  /** The socket is gone. The engine is the next session's: it ends after the shard in hand. */
  close(): void {
    this.closed = true;
    this.tasks.clear();
    this.computing?.stop.abort();
    clearInterval(this.heartbeat);
  }

  private async welcomed(welcome: Welcome): Promise<void> {
    this.seed = welcome.seed;
    this.heartbeat = setInterval(() => this.send({ type: 'heartbeat' }), welcome.heartbeatMs);
    const material = await this.options.prepare(welcome);
    if (this.closed) return;
    const { compute, layout } = material;
    this.material = material;
    const allocate = (elements: number) => compute.allocate(elements);
    this.current = new WeightsInbox(layout.total, allocate);
    this.averaged = new WeightsInbox(layout.total, allocate);
    this.uploads = new Uploads(layout.total, this.options.socket, (gradient) => this.free.push(gradient));
    this.idleSince = this.options.clock.now();
    const { name, engineClass, reason } = compute;
    this.options.log(`engine ${reason}`);
    this.send({ type: 'ready', engine: name, engineClass, reason });
  }

  private receivedFrame(bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (!this.material) throw new FrameError('weights before this worker was ready');
    if (frame.type === FRAME_AVERAGED_WEIGHTS) {
      if (this.averaged.add(frame)) this.pump();
      return;
    }
    if (frame.type !== FRAME_WEIGHTS) throw new FrameError(`frame type ${frame.type} is not a coordinator's`);
    const first = this.current.version < 0;
    if (!this.current.add(frame)) return;
    const { version } = this.current;
    this.uploads.dropBefore(version);
    if (first) this.send({ type: 'holding', version });
    this.pump();
  }

  private cancelled(message: Cancel): void {
    this.tasks.drop((task) => isMeant(task, message));
    if (this.computing && isMeant(this.computing.task, message)) this.computing.stop.abort();
    if (message.node !== undefined) this.uploads.cancel(message.step, message.node);
  }

  /** Starts the next task that can be computed, if nothing is being computed. */
  private pump(): void {
    if (this.computing || this.closed || !this.material) return;
    this.tasks.drop((task) => versionOf(task) < this.current.version);
    const task = this.tasks.take((candidate) => this.canStart(candidate));
    if (!task) return;
    const stop = new AbortController();
    this.computing = { task, stop };
    this.compute(task, this.material, stop.signal)
      .catch((error) => this.options.fail(error))
      .finally(() => {
        this.computing = undefined;
        this.idleSince = this.options.clock.now();
        this.pump();
      });
  }

  private async compute(task: Task, material: RunMaterial, stop: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const waited = () => clock.now() - this.idleSince;
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
    const gradient = this.free.pop() ?? material.compute.allocate(material.layout.total);
    const shards = batches.map((batch, at) => ({
      batch,
      seed: mix(this.seed, lease.step, lease.firstShard + at),
    }));
    const sums = await material.compute.computeNode(shards, gradient, stop);
    this.samples += sums.samples;
    this.send({
      type: 'contribution',
      step: lease.step,
      node: lease.node,
      samples: sums.samples,
      loss: sums.loss,
      metric: sums.metric,
      computeMs: clock.now() - started,
      waitMs,
    });
    if (stop.aborted || lease.step < this.current.version) this.free.push(gradient);
    else this.uploads.add(lease, gradient);
  }

  private async load(which: Evaluate['weights']): Promise<void> {
    const inbox = which === 'current' ? this.current : this.averaged;
    const name = `${which}:${inbox.version}`;
    if (this.loaded === name) return;
    await this.material!.compute.setWeights(inbox.weights);
    this.loaded = name;
  }

  private canStart(task: Task): boolean {
    if (task.kind === 'lease') return task.lease.step === this.current.version;
    const inbox = task.part.weights === 'current' ? this.current : this.averaged;
    return task.part.version === inbox.version;
  }

  private assemble(lease: Lease): Promise<Batch[]> {
    const { order, train } = this.material!;
    const positions = order(lease.epoch);
    const batches = lease.bounds
      .slice(1)
      .map((end, at) => train.assemble(positions.subarray(lease.bounds[at]!, end)));
    return settledLater(Promise.all(batches));
  }

  private assemblePart({ from, to }: Evaluate): Promise<Batch> {
    return settledLater(this.material!.test.range(from, to));
  }

  private send(message: Parameters<typeof encode>[0]): void {
    if (!this.closed) this.options.socket.send(encode(message));
  }
}

/** A failure counts where the promise is awaited; until then it is no unhandled rejection. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
