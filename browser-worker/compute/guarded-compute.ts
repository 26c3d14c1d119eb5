/**
 * The engine of a tab, guarded: a lost GPU or a step that never ends costs a new compute worker, which gets
 * the weights again and repeats what was in hand. The session sees nothing of it but a slow step. What is
 * lost twice is not trusted again: a GPU gives way to the processor, and that to an honest refusal.
 */
import type { Compute, NodeSums } from '../../engine/compute.js';
import type { Batch, EvaluationSums, Shard } from '../../engine/engine.js';
import type { AwakeTime } from '../../engine/lanes/awake-time.js';
import { Deadline, FIRST_DEADLINE_MS, SHORTEST_DEADLINE_MS } from '../../engine/lanes/deadline.js';
import type { SentNode, Started } from '../../engine/remote.js';
import { ENGINE_NAMES, isOfGpu } from '../../shared/engines/engines.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import type { ComputeSubject } from '../../worker/data/material.js';
import type { ComputeStart } from './compute-worker.js';
import { restOf } from './duty-cycle.js';
import { engineNamed } from './engine-names.js';
import { type ComputePort, EngineLostError, RemoteEngine } from './remote-engine.js';

const FAILURES_ALLOWED = 2;

/** How often each kind of engine was lost, since the tab began to contribute. */
export interface EngineFailures {
  gpu: number;
  processor: number;
}

export interface GuardOptions {
  spawn(): ComputePort;
  /** Whether memory can be shared with the compute worker. */
  isShared: boolean;
  failures: EngineFailures;
  time: AwakeTime;
  now(): number;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** Share of the time in which the device may compute. */
  dutyCycle(): number;
  computed(samples: number): void;
  /** The engine was lost; the work goes on. */
  lost(why: string): void;
}

/** @throws UserError if this device has no engine for the model, or not the wanted one */
export async function startGuarded(
  subject: ComputeSubject,
  wanted: string,
  options: GuardOptions,
): Promise<Compute> {
  const { failures } = options;
  for (;;) {
    const withGpu = failures.gpu < FAILURES_ALLOWED;
    const start = { subject, wanted: isGpu(wanted) && !withGpu ? 'auto' : wanted, withGpu };
    try {
      const { engine, started } = await begin(start, options);
      if (started.tried.filter(({ refused }) => !refused).length < 2) {
        return new GuardedCompute(engine, started, subject, options);
      }
      // The engines that were tried and not taken hold memory: the chosen one gets a worker of its own.
      engine.end('another worker takes over');
      const { probe: _, ...rest } = subject;
      const alone = await begin({ subject: rest, wanted: started.name, withGpu }, options);
      return new GuardedCompute(alone.engine, started, subject, options);
    } catch (error) {
      if (!(error instanceof EngineLostError)) throw error;
      if (!withGpu) throw new UserError(`this device cannot compute this model: ${error.message}`);
      failures.gpu = FAILURES_ALLOWED;
      options.lost(error.message);
    }
  }
}

async function begin(
  start: ComputeStart,
  { spawn, time }: GuardOptions,
): Promise<{ engine: RemoteEngine; started: Started }> {
  const engine = new RemoteEngine(spawn(), start);
  const callOff = time.after(FIRST_DEADLINE_MS, () => engine.end('it did not start'));
  try {
    return { engine, started: await engine.started };
  } catch (error) {
    engine.end(messageOf(error));
    throw error;
  } finally {
    callOff();
  }
}

class GuardedCompute implements Compute {
  readonly name: string;
  readonly engineClass: string;
  readonly reason: string;
  private weights: Float32Array | undefined;
  private readonly deadline = new Deadline();
  private busyMs = 0;
  private endedAt = 0;
  private isClosed = false;
  /** A replacement under way. */
  private replacing: Promise<void> | undefined;

  constructor(
    private engine: RemoteEngine,
    { name, engineClass, reason }: Started,
    private readonly subject: ComputeSubject,
    private readonly options: GuardOptions,
  ) {
    this.name = name;
    this.engineClass = engineClass;
    this.reason = reason;
  }

  allocate(elements: number): Float32Array {
    return this.options.isShared
      ? new Float32Array(new SharedArrayBuffer(4 * elements))
      : new Float32Array(elements);
  }

  async setWeights(weights: Float32Array): Promise<void> {
    // Kept, since a new compute worker needs them again when the session may already have overwritten its own.
    this.weights ??= this.allocate(weights.length);
    this.weights.set(weights);
    await this.perform(SHORTEST_DEADLINE_MS, (engine) => this.load(engine));
  }

  async computeNode(shards: Shard[], into: Float32Array, stop?: AbortSignal): Promise<NodeSums> {
    const wanted = shards.reduce((sum, { batch }) => sum + batch.count, 0);
    const call = { call: 'computeNode', shards, into: this.options.isShared ? into : into.length } as const;
    const { contribution, ...sums } = await this.busy(wanted, (engine) =>
      engine.calls.ask<SentNode>(call, stop),
    );
    if (contribution) into.set(contribution);
    this.deadline.took(this.busyMs, sums.samples);
    this.options.computed(sums.samples);
    return sums;
  }

  evaluate(batch: Batch): Promise<EvaluationSums> {
    return this.busy(batch.count, (engine) => engine.calls.evaluate(batch));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.engine.end('this tab has stopped computing');
  }

  private load(engine: RemoteEngine): Promise<void> {
    return engine.calls.ask({ call: 'setWeights', weights: this.weights! });
  }

  /** Computes, after the rest that the duty cycle asks for. The rest counts as computing: so this tab gets less. */
  private async busy<T>(samples: number, work: (engine: RemoteEngine) => Promise<T>): Promise<T> {
    const { now, wait, dutyCycle } = this.options;
    const rest = restOf(this.busyMs, now() - this.endedAt, dutyCycle());
    if (rest > 0) await wait(rest);
    const startedAt = now();
    const result = await this.perform(this.deadline.of(samples), work);
    this.endedAt = now();
    this.busyMs = this.endedAt - startedAt;
    return result;
  }

  private async perform<T>(deadlineMs: number, work: (engine: RemoteEngine) => Promise<T>): Promise<T> {
    for (;;) {
      const { engine } = this;
      const callOff = this.options.time.after(deadlineMs, () =>
        engine.end(`it did not answer for ${Math.round(deadlineMs / 1000)} s`),
      );
      try {
        return await work(engine);
      } catch (error) {
        if (this.isClosed) throw error;
        // The cause may be anything (out of memory, a broken driver): this worker is not used again.
        if (this.engine !== engine) continue;
        this.replacing ??= this.replace(error).finally(() => {
          this.replacing = undefined;
        });
        await this.replacing;
      } finally {
        callOff();
      }
    }
  }

  private async replace(error: unknown): Promise<void> {
    const { failures, lost } = this.options;
    this.engine.end(messageOf(error));
    const kind = isGpu(this.name) ? 'gpu' : 'processor';
    failures[kind]++;
    lost(messageOf(error));
    if (failures[kind] >= FAILURES_ALLOWED) {
      const text = `${this.name} failed ${FAILURES_ALLOWED} times (${messageOf(error)})`;
      // Another connection chooses anew, without the GPU: an engine of another class must say so at its joining.
      if (kind === 'gpu') throw new Error(text);
      throw new UserError(`this device cannot compute this model: ${text}`);
    }
    const { probe: _, ...subject } = this.subject;
    const start = { subject, wanted: this.name, withGpu: true };
    const { engine, started } = await begin(start, this.options).catch((error) => {
      failures[kind] = FAILURES_ALLOWED;
      throw new Error(`${this.name} does not come back: ${messageOf(error)}`);
    });
    this.engine = engine;
    if (started.engineClass !== this.engineClass) {
      throw new Error(`the engine came back as ${started.engineClass}`);
    }
    if (this.weights) await this.load(engine);
  }
}

/** Of an engine as people name it, too. */
const isGpu = (name: string): boolean => isOfGpu(engineNamed(name, ENGINE_NAMES));
