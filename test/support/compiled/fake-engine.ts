import type { Candidate } from '../../../engine/choose.js';
import type { Engine } from '../../../engine/engine.js';
import type { Manifest } from '../../../shared/data/manifest.js';
import { layoutOf } from '../../../shared/numerics/layout.js';

/** A model of one kernel and one bias on records of two numbers. */
export const LAYOUT = layoutOf([
  { name: 'kernel', shape: [2, 100], trainable: true },
  { name: 'bias', shape: [100], trainable: true },
]);
export const MANIFEST: Pick<Manifest, 'x' | 'y'> = {
  x: { shape: [2], dtype: 'float32' },
  y: { shape: [], dtype: 'int32' },
};
export const BATCHES = [
  { count: 2, x: Float32Array.of(1, 2, 3, 4), y: Int32Array.of(0, 1) },
  { count: 2, x: Float32Array.of(-1, 0.5, 2, 9), y: Int32Array.of(1, 1) },
];

export interface FakeOptions {
  /** Milliseconds of a run, on the fake clock; several: of the first run, the second, ..., and the last of all others. */
  ms?: number | readonly number[];
  /** What it makes of the true gradient element `i`, in the case with first value `x0`. */
  distort?(value: number, i: number, x0: number): number;
  distortLoss?(loss: number): number;
  /** Fails when started, or when it computes. */
  startError?: string;
  runError?: string;
  lastResort?: boolean;
}

/** Machines with engines that compute a simple function of weights, batch and seed, and count their lives. */
export function fakeMachine() {
  let time = 0;
  const alive = new Map<string, number>();
  const runs: { name: string; count: number }[] = [];
  const started: string[] = [];
  const engine = (name: string, options: FakeOptions = {}): Engine => {
    const { ms = 1, distort = (value) => value, distortLoss = (loss) => loss, runError } = options;
    const times = [ms].flat();
    let weights = new Float32Array(LAYOUT.total);
    return {
      name,
      engineClass: `${name}@1`,
      async setWeights(given) {
        weights = given.slice();
      },
      async gradient({ count, x, y }, seed, into) {
        if (runError) throw new Error(runError);
        time += times.length > 1 ? times.shift()! : times[0]!;
        runs.push({ name, count });
        const scale = Array.from(x).reduce((sum, value, i) => sum + value * (i + 1), seed) + y[0]!;
        for (let i = 0; i < into.length; i++) into[i] = distort(weights[i]! * scale, i, x[0]!);
        return { loss: distortLoss(scale), metric: 0 };
      },
      evaluate: async () => ({ loss: 0, metric: 0 }),
      dispose: () => void alive.set(name, alive.get(name)! - 1),
    };
  };
  const candidate = (name: string, options: FakeOptions = {}): Candidate => ({
    name,
    ...(options.lastResort ? { lastResort: true } : {}),
    async start() {
      started.push(name);
      if (options.startError) throw new Error(options.startError);
      alive.set(name, (alive.get(name) ?? 0) + 1);
      return engine(name, options);
    },
  });
  return {
    engine,
    candidate,
    runs,
    started,
    now: () => time,
    /** Names of the engines that were started and not disposed of. */
    alive: () => [...alive].flatMap(([name, count]) => Array<string>(count).fill(name)),
  };
}
