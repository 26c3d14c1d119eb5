/**
 * The kernels in WebAssembly SIMD (assembly/kernels.ts), and the memory that they work in.
 *
 * The memory has its full size from the start. Pages that were never touched cost nothing but address space. It is
 * shared: a worker in this process reads the weights and writes its gradient where they are. Passing a scalar rounds
 * it to float32.
 */
import { KERNELS_WASM } from './kernels.generated.js';
import type { Kernels } from './kernels.js';
import type { UpdateKernel } from './update-kernel.js';

const PAGE_BYTES = 65_536;
/** 4 GiB: what a 32-bit address reaches. */
const MAX_PAGES = 65_536;
/** The compiler's own data, if there ever is any, would stand below. */
const FIRST_BYTE = 1024;
/** SIMD loads are fastest where they are aligned. */
const ALIGNMENT_BYTES = 16;

/** Float32 elements that fit, of all vectors together. */
export const MOST_FLOATS = ((MAX_PAGES - 2) * PAGE_BYTES) / 4;

type Exports = Record<string, (...args: number[]) => number>;

/** @returns undefined where there is no WebAssembly SIMD, or no memory of that size */
export function wasmKernels(capacityFloats: number): Kernels | undefined {
  const linked = link(capacityFloats);
  if (!linked) return undefined;
  const { run, memory } = linked;
  const p = (vector: Float32Array) => vector.byteOffset;
  return {
    kind: 'wasm',
    memory,
    ...arena(memory),
    add: (into, other) => void run.add!(p(into), p(other), into.length),
    divide: (into, by) => void run.divide!(p(into), by, into.length),
    scale: (into, by) => void run.scale!(p(into), by, into.length),
    clamp: (into, limit) => void run.clamp!(p(into), limit, into.length),
    allFinite: (vector) => run.allFinite!(p(vector), vector.length) !== 0,
    sumOfSquares: (vector) => run.sumOfSquares!(p(vector), vector.length),
    mean: (sum, { other, by }) => run.mean!(p(sum), other ? p(other) : 0, by, sum.length),
    average: (into, other, decay) => void run.average!(p(into), p(other), 1 - decay, into.length),
    update(kernel, vectors, scalars, of) {
      const places = kernel.vectors.map((name) => p(vectors[name]));
      const numbers = kernel.scalars.map((name) => scalars[name]);
      const sum = [of?.other ? p(of.other) : 0, of?.by ?? 0];
      return exportOf(run, kernel)(...places, ...sum, ...numbers, vectors.g.length);
    },
  };
}

/** What each takes beside its vectors and scalars: what the mean is made of, and how many elements there are. */
const BESIDE = 3;

/** @throws Error where the assembly has no such kernel, or one that takes other parameters */
function exportOf(run: Exports, { name, vectors, scalars }: UpdateKernel<string, string>) {
  const call = run[name];
  const parameters = vectors.length + scalars.length + BESIDE;
  if (call?.length === parameters) return call;
  throw new Error(`assembly/kernels.ts has no kernel ${name} of ${parameters} parameters`);
}

let compiled: WebAssembly.Module | undefined;

function link(capacityFloats: number): { run: Exports; memory: SharedArrayBuffer } | undefined {
  // Each vector is rounded up to whole units of alignment; one page more is room for that.
  const pages = Math.ceil((FIRST_BYTE + 4 * capacityFloats) / PAGE_BYTES) + 1;
  if (pages > MAX_PAGES) return undefined;
  try {
    const bytes = () => Uint8Array.from(atob(KERNELS_WASM), (letter) => letter.charCodeAt(0));
    compiled ??= new WebAssembly.Module(bytes());
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    // The types of browsers know no memory that threads share.
    return { run: exports as Exports, memory: memory.buffer as ArrayBufferLike as SharedArrayBuffer };
  } catch {
    // No WebAssembly at all, none with SIMD, or not so much address space: all three have one remedy.
    return undefined;
  }
}

/** Hands out vectors from the bottom up; a freed one waits for the next of its length. */
function arena(buffer: SharedArrayBuffer): Pick<Kernels, 'allocate' | 'free'> {
  let top = FIRST_BYTE;
  const freed = new Map<number, number[]>();
  return {
    allocate(elements) {
      const reused = freed.get(elements)?.pop();
      if (reused !== undefined) return new Float32Array(buffer, reused, elements);
      const start = top;
      const end = start + Math.ceil((4 * elements) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
      if (end > buffer.byteLength) throw new RangeError(`no room for ${elements} more float32 elements`);
      top = end;
      return new Float32Array(buffer, start, elements);
    },
    free(vector) {
      const waiting = freed.get(vector.length);
      if (waiting) waiting.push(vector.byteOffset);
      else freed.set(vector.length, [vector.byteOffset]);
    },
  };
}
