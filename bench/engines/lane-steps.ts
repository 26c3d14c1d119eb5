/** A model's step on so many lanes of this process: weights in, the gradient sum of 8 shards out. */
import { createHash } from 'node:crypto';
import type { Shard } from '../../engine/engine.js';
import type { LanePool } from '../../engine/lanes/lane-pool.js';
import { startLanes } from '../../engine/node/start-lanes.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { type BenchSubject, type Case, subjectOf } from '../support/cases.js';

const SHARDS = 8;

export class LaneSteps {
  private readonly weights: Float32Array;
  private readonly sum: Float32Array;
  private readonly shards: Shard[];

  private constructor(
    private readonly pool: LanePool,
    subject: BenchSubject,
  ) {
    const { total } = layoutOf(subject.model.weights);
    this.weights = pool.allocate(total);
    this.weights.set(subject.weights);
    this.sum = pool.allocate(total);
    this.shards = Array.from({ length: SHARDS }, (_, seed) => ({ batch: subject.batchOfRecords, seed }));
  }

  static async start(own: Case, lanes: number): Promise<LaneSteps> {
    // Shards of 16 samples, the least that the planner cuts by itself.
    const subject = await subjectOf({ ...own, batch: 16 });
    const log = (line: string) => console.error(`  ${line}`);
    return new LaneSteps(await startLanes({ ...subject, wanted: 'compiled/cpu', lanes, log }), subject);
  }

  async step(): Promise<number> {
    const started = performance.now();
    await this.pool.setWeights(this.weights);
    await this.pool.computeNode(this.shards, this.sum);
    return performance.now() - started;
  }

  hash(): string {
    return createHash('sha256').update(new Uint8Array(this.sum.buffer)).digest('hex');
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
