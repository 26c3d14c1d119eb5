/** A process that computes steps by one engine, as a worker's thread does, and tells its memory on the way. */

import type { CompiledSubject } from '../../engine/compiled/start.js';
import type { Batch } from '../../engine/engine.js';
import { engineCandidates } from '../../engine/node/candidates.js';
import { layoutOf } from '../../shared/numerics/layout.js';

export interface FootprintRequest {
  engine: string;
  subject: CompiledSubject & { weights: Float32Array; batchOfRecords: Batch };
  /** After how many steps memory is told, ascending. */
  marks: number[];
}

export interface Footprint {
  /** Milliseconds from the start of the process to the end of its first step. */
  startMs: number;
  /** At each mark, after garbage was collected. */
  rssMb: number[];
}

process.once('message', async ({ engine: wanted, subject, marks }: FootprintRequest) => {
  const engine = await engineCandidates(subject)
    .find(({ name }) => name === wanted)!
    .start();
  const into = new Float32Array(layoutOf(subject.model.weights).total);
  const rssMb: number[] = [];
  for (let step = 1; step <= marks.at(-1)!; step++) {
    await engine.setWeights(subject.weights);
    await engine.gradient(subject.batchOfRecords, step, into);
    if (step === 1) process.send!('first step');
    if (!marks.includes(step)) continue;
    globalThis.gc!();
    rssMb.push(process.memoryUsage.rss() / 1e6);
  }
  process.send!({ rssMb });
});
