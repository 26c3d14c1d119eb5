/**
 * The initializer `Orthogonal`, in place of TF.js's own, whose decomposition takes minutes for a kernel that this one
 * makes in milliseconds, with the same values. A matrix of normal numbers gets orthonormal columns by the modified Gram-Schmidt process, in
 * float64: with a positive diagonal of R they are uniform among all such matrices (Saxe et al. 2014; Mezzadri 2007).
 * For kernels of more than two dimensions all but the last count as rows, as in Keras.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../../numerics/shape.js';

type Tf = typeof TensorFlow;

export interface OrthogonalArgs {
  /** Multiplies all values; 1 by default. */
  gain?: number | null;
  /** If it is absent, Math.random draws the values. */
  seed?: number | null;
}

export function orthogonal(tf: Tf) {
  const { Initializer } = initializerBase(tf);
  return class Orthogonal extends Initializer {
    static className = 'Orthogonal';
    readonly gain: number;
    readonly seed: number | null;

    constructor({ gain, seed }: OrthogonalArgs = {}) {
      super();
      this.gain = gain ?? 1;
      this.seed = seed ?? null;
    }

    override apply(shape: TensorFlow.Shape): TensorFlow.Tensor {
      const sizes = shape as number[];
      if (sizes.length < 2)
        throw new Error(`an orthogonal initializer needs two dimensions or more, not [${sizes}]`);
      const columns = sizes.at(-1)!;
      const rows = sizeOf(sizes.slice(0, -1));
      if (idle) return tf.zeros(sizes);
      const vectors = orthonormal(
        columnsOfNormal(tf, Math.min(rows, columns), Math.max(rows, columns), this.seed ?? undefined),
      );
      const values = new Float32Array(rows * columns);
      for (const [i, vector] of vectors.entries()) {
        if (rows < columns)
          for (const [j, value] of vector.entries()) values[i * columns + j] = this.gain * value;
        else for (const [j, value] of vector.entries()) values[j * columns + i] = this.gain * value;
      }
      return tf.tensor(values, sizes);
    }

    override getConfig() {
      return { gain: this.gain, seed: this.seed };
    }
  };
}

let idle = false;

/** Builds a model of which only the topology counts: zeros stand for its orthogonal kernels. */
export async function withoutDrawing<Built>(build: () => Promise<Built>): Promise<Built> {
  idle = true;
  try {
    return await build();
  } finally {
    idle = false;
  }
}

/** TF.js does not export what its initializers extend. */
function initializerBase(tf: Tf) {
  return { Initializer: Object.getPrototypeOf(tf.initializers.zeros().constructor) as InitializerBase };
}

type InitializerBase = abstract new () => ReturnType<typeof TensorFlow.initializers.zeros>;

/** The very numbers that TF.js draws, so that a seed has the kernel that it has there, but for rounding. */
function columnsOfNormal(tf: Tf, count: number, length: number, seed: number | undefined): Float64Array[] {
  // Not within `tf.tidy`: it would look for tensors among the millions of numbers that come out of it.
  const drawn = tf.randomNormal([length, count], 0, 1, 'float32', seed);
  const matrix = drawn.dataSync();
  drawn.dispose();
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length }, (_, j) => matrix[j * count + i]!),
  );
}

/** Columns that one pass takes from two later ones: memory limits the speed, not arithmetic. */
const PANEL = 4;

/** Makes vectors of one length orthogonal to each other and of length 1, in place. */
function orthonormal(vectors: Float64Array[]): Float64Array[] {
  const count = vectors.length;
  for (let start = 0; start < count; start += PANEL) {
    const end = Math.min(count, start + PANEL);
    for (let i = start; i < end; i++) {
      const unit = vectors[i]!;
      const scale = 1 / Math.sqrt(dot(unit, unit));
      for (let j = 0; j < unit.length; j++) unit[j]! *= scale;
      for (const later of vectors.slice(i + 1, end)) {
        const along = dot(unit, later);
        for (let j = 0; j < unit.length; j++) later[j]! -= along * unit[j]!;
      }
    }
    const panel = vectors.slice(start, end) as Panel;
    // Of an odd number the last is taken beside a vector of no account.
    for (let i = end; i < count; i += 2)
      project(panel, vectors[i]!, vectors[i + 1] ?? new Float64Array(vectors[i]!.length));
  }
  return vectors;
}

type Panel = [Float64Array, Float64Array, Float64Array, Float64Array];

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
};

/** Takes from `a` and `b` what lies along the units of a whole panel. */
function project([q, r, s, t]: Panel, a: Float64Array, b: Float64Array): void {
  let [qa, ra, sa, ta, qb, rb, sb, tb] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [a[j]!, b[j]!];
    qa += q[j]! * x;
    ra += r[j]! * x;
    sa += s[j]! * x;
    ta += t[j]! * x;
    qb += q[j]! * y;
    rb += r[j]! * y;
    sb += s[j]! * y;
    tb += t[j]! * y;
  }
  for (let j = 0; j < a.length; j++) {
    a[j]! -= qa * q[j]! + ra * r[j]! + sa * s[j]! + ta * t[j]!;
    b[j]! -= qb * q[j]! + rb * r[j]! + sb * s[j]! + tb * t[j]!;
  }
}
