/** Engines and their rivals, timed in turns. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { messageOf } from '../../shared/user-error.js';
import type { BenchSubject, Case } from '../support/cases.js';
import type { StepTime } from '../support/rivals/pytorch-step.js';

/** Runs before the measured ones: WebAssembly is compiled anew for speed while it runs. */
const WARM_UP = 5;
/** Engines that take longer than this are measured in fewer runs. */
const SLOW_MS = 500;
const SLOW_RUNS = 3;
/** Between turns: threads that spin after their work would slow down whoever comes next. */
const PAUSE_MS = 10;

/** One that can be timed. */
export interface Timed {
  engine: string;
  step(): Promise<StepTime>;
  close(): void;
}

/** Starts one after the other; `where` says for what, where one is not here. */
export class Rivals {
  readonly timed: Timed[] = [];

  constructor(
    private readonly where: (name: string) => string,
    private readonly log: (line: string) => void,
  ) {}

  async start(name: string, make: () => Promise<Timed>): Promise<void> {
    await make().then(
      (one) => void this.timed.push(one),
      (error) => this.log(`  ${this.where(name)}: not here (${messageOf(error)})`),
    );
  }
}

/** The ways in which PyTorch lays out what a model computes with. */
export const formatsOf = ({ shape }: Case): readonly ('contiguous' | 'channels_last')[] =>
  shape.length === 3 ? ['contiguous', 'channels_last'] : ['contiguous'];

/** An engine whose step is the gradient of all records at once, or of `shards` equal parts of them, joined. */
export async function ofEngine(engine: Engine, subject: BenchSubject, shards = 1): Promise<Timed> {
  await engine.setWeights(subject.weights);
  // Shared, as a worker's is.
  const into = new Float32Array(new SharedArrayBuffer(4 * layoutOf(subject.model.weights).total));
  const parts = partsOf(subject, shards);
  const compute = async () => {
    if (shards === 1) await engine.gradient(subject.batchOfRecords, 1, into);
    else if (!(await engine.gradientOfShards?.(parts, into)))
      throw new Error(`${engine.name} does not join ${shards} shards`);
  };
  // Now, so that one that cannot is told at the start.
  if (shards > 1) await compute();
  return {
    engine: shards === 1 ? engine.name : `${engine.name}, ${shards} shards`,
    async step() {
      const started = performance.now();
      const processor = process.cpuUsage();
      await compute();
      const { user, system } = process.cpuUsage(processor);
      return { ms: performance.now() - started, cpuMs: (user + system) / 1000 };
    },
    close: () => engine.dispose(),
  };
}

function partsOf({ batchOfRecords: { count, x, y } }: BenchSubject, shards: number) {
  const part = <T extends { length: number; subarray(from: number, to: number): T }>(all: T, i: number): T =>
    all.subarray((i * all.length) / shards, ((i + 1) * all.length) / shards);
  return Array.from({ length: shards }, (_, i) => ({
    batch: { count: count / shards, x: part(x as Uint8Array, i), y: part(y as Uint8Array, i) },
    seed: i,
  }));
}

/** The times of each engine's steps. */
export async function inTurns(timed: readonly Timed[], runs: number): Promise<StepTime[][]> {
  const warm: number[] = [];
  for (const { step } of timed) {
    let ms = 0;
    for (let run = 0; run < WARM_UP && (run < 1 || ms < SLOW_MS); run++) ({ ms } = await step());
    warm.push(ms);
  }
  const times = timed.map((): StepTime[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [i, { step }] of timed.entries()) {
      if (warm[i]! >= SLOW_MS && run >= SLOW_RUNS) continue;
      await delay(PAUSE_MS);
      times[i]!.push(await step());
    }
  }
  return times;
}
