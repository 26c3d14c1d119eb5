/**
 * A compute worker as one of a tab's lanes. Where memory can be shared, weights and gradients lie there once, for all
 * lanes. Where it cannot, each lane is sent the weights and sends its sums back, and this thread adds them.
 */
import type { ComputedNode } from '../../../engine/compute.js';
import { addRange, type RangeSum } from '../../../engine/compute-node.js';
import type { Batch, EvaluationSums, Shard } from '../../../engine/engine.js';
import type { Lane } from '../../../engine/lanes/lane.js';
import type { SentNode } from '../../../engine/remote.js';
import type { Begun, WatchOptions } from './begin.js';
import { DutyCycle } from './duty-cycle.js';
import type { RemoteEngine } from './remote-engine.js';

export class TabLane implements Lane {
  readonly engineClass: string;
  private readonly engine: RemoteEngine;
  private readonly cycle: DutyCycle;

  constructor(
    { engine, started }: Begun,
    private readonly options: Pick<
      WatchOptions,
      'isShared' | 'now' | 'wait' | 'dutyCycle' | 'busy' | 'computed'
    >,
  ) {
    this.engine = engine;
    this.engineClass = started.engineClass;
    this.cycle = new DutyCycle(options);
  }

  setWeights(weights: Float32Array): Promise<void> {
    return this.engine.calls.ask({ call: 'setWeights', weights });
  }

  async computeNode(shards: readonly Shard[], into: Float32Array, stop?: AbortSignal): Promise<ComputedNode> {
    const { isShared, computed } = this.options;
    const call = { call: 'computeNode', shards, into: isShared ? into : into.length } as const;
    const { contribution, ...sums } = await this.cycle.compute(() =>
      this.engine.calls.ask<SentNode>(call, stop),
    );
    if (contribution) into.set(contribution);
    computed(sums.samples);
    return sums;
  }

  async add(sum: RangeSum): Promise<void> {
    if (this.options.isShared) await this.engine.calls.ask({ call: 'add', sum });
    else addRange(sum);
  }

  evaluate(batch: Batch): Promise<EvaluationSums> {
    return this.cycle.compute(() => this.engine.calls.evaluate(batch));
  }

  async close(): Promise<void> {
    this.engine.end('this tab has stopped computing');
  }
}
