/**
 * An engine on a tab's GPU, guarded: a lost GPU or a step that never ends costs a new compute worker, which gets
 * the weights again and repeats what was in hand. The session sees nothing of it but a slow step. A GPU that is
 * lost twice is not trusted again: another connection chooses an engine on the processor.
 */
import type { Compute, NodeSums } from '../../../engine/compute.js';
import type { Batch, EvaluationSums, Shard } from '../../../engine/engine.js';
import { Deadline, LONGEST_REPLICA_MS, SHORTEST_DEADLINE_MS } from '../../../engine/lanes/deadline.js';
import type { SentNode } from '../../../engine/remote.js';
import { messageOf } from '../../../shared/user-error.js';
import type { ComputeStart } from '../compute-worker.js';
import { allocate, type Begun, begin, type WatchOptions } from './begin.js';
import { DutyCycle } from './duty-cycle.js';
import type { RemoteEngine } from './remote-engine.js';

/** A GPU that was lost so often gives way to the processor. */
export const FAILURES_ALLOWED = 2;

export class GuardedCompute implements Compute {
  readonly name: string;
  readonly engineClass: string;
  readonly reason: string;
  private engine: RemoteEngine;
  private weights: Float32Array | undefined;
  private readonly deadline: Deadline;
  private readonly cycle: DutyCycle;
  private isClosed = false;
  /** A replacement under way. */
  private replacing: Promise<void> | undefined;

  constructor(
    { engine, started: { name, engineClass, reason } }: Begun,
    /** How a compute worker is started that takes over. */
    private readonly again: ComputeStart,
    private readonly options: WatchOptions,
  ) {
    this.name = name;
    this.engineClass = engineClass;
    this.reason = reason;
    this.engine = engine;
    this.deadline = new Deadline(again.subject.local && LONGEST_REPLICA_MS);
    this.cycle = new DutyCycle(options);
  }

  allocate(elements: number): Float32Array {
    return allocate(elements, this.options);
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
    const { contribution, ...sums } = await this.computing(wanted, (engine) =>
      engine.calls.ask<SentNode>(call, stop),
    );
    if (contribution) into.set(contribution);
    this.deadline.took(this.cycle.busyMs, sums.samples);
    this.options.computed(sums.samples);
    return sums;
  }

  evaluate(batch: Batch): Promise<EvaluationSums> {
    return this.computing(batch.count, (engine) => engine.calls.evaluate(batch));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.engine.end('this tab has stopped computing');
  }

  private load(engine: RemoteEngine): Promise<void> {
    return engine.calls.ask({ call: 'setWeights', weights: this.weights! });
  }

  /** The rest before it counts as computing: so this tab gets less. */
  private computing<T>(samples: number, work: (engine: RemoteEngine) => Promise<T>): Promise<T> {
    return this.cycle.compute(() => this.perform(this.deadline.of(samples), work));
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
    const { failures, told } = this.options;
    const why = messageOf(error);
    this.engine.end(why);
    failures.gpu++;
    told(`The engine was lost and started again: ${why}.`);
    // Another connection chooses anew, without the GPU: an engine of another class must say so at its joining.
    if (failures.gpu >= FAILURES_ALLOWED)
      throw new Error(`${this.name} failed ${FAILURES_ALLOWED} times (${why})`);
    const { engine, started } = await begin(this.again, this.options).catch((error) => {
      failures.gpu = FAILURES_ALLOWED;
      throw new Error(`${this.name} does not come back: ${messageOf(error)}`);
    });
    this.engine = engine;
    if (started.engineClass !== this.engineClass) {
      throw new Error(`the engine came back as ${started.engineClass}`);
    }
    if (this.weights) await this.load(engine);
  }
}
