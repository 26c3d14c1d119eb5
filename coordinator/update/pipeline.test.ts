import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { type Node, ROOT, shardBounds } from '../../shared/numerics/tree.js';
import type { Kernels } from '../../shared/numerics/update/kernels/kernels.js';
import { createOptimizer } from '../../shared/numerics/update/optimizers/optimizers.js';
import { readFrame } from '../../shared/protocol/frame.js';
import { contributionOf, leaves, SMALL, small } from '../../test/support/update/contributions.js';
import { setup, sgd, stepOnce } from '../../test/support/update/pipeline-setup.js';
import type { Pipeline } from './pipeline.js';
import type { UpdateRule } from './rule/update-rule.js';

/** Two chunks: the second holds a part of the kernel, the bias and all statistics. */
const CHUNK_ELEMENTS = 64;
const TWO_CHUNKS = layoutOf(
  [
    { name: 'kernel', shape: [CHUNK_ELEMENTS + 8], trainable: true },
    { name: 'bias', shape: [3], trainable: true },
    { name: 'mean', shape: [5], trainable: false },
  ],
  CHUNK_ELEMENTS,
);

const flat = (pipeline: Pipeline) => pipeline.weights.flat();
const [T, N] = [SMALL.trainable, SMALL.total];

describe('an update', () => {
  it('agrees with plain float64 to the rounding of float32', () => {
    fc.assert(
      fc.property(leaves(4, N), fc.integer({ min: 4, max: 100 }), (parts, samples) => {
        const made = setup();
        made.begin(samples);
        for (const [shard, part] of parts.entries()) expect(made.add(4 + shard, 0, part)).toBe('counted');
        made.pipeline.end();
        const after = flat(made.pipeline);
        for (let i = 0; i < N; i++) {
          const mean = parts.reduce((sum, part) => sum + part[i]!, 0) / samples;
          const size = parts.reduce((sum, part) => sum + Math.abs(part[i]!), 1);
          const expected = made.initial[i]! + (i < T ? -0.1 * mean : mean);
          expect(Math.abs(after[i]! - expected)).toBeLessThan(1e-6 * size);
        }
      }),
    );
  });

  it('has the same bits in whatever order contributions arrive, and however the tree is cut', () => {
    const rules: Partial<UpdateRule>[] = [
      { optimizer: createOptimizer({ name: 'adam', weightDecay: 0.01 }), averageDecay: 0.9 },
      { optimizer: createOptimizer({ name: 'sgd', momentum: 0.9 }), clipNorm: 0.5 },
      { optimizer: createOptimizer({ name: 'lamb' }), clipValue: 0.01 },
    ];
    const script = fc.record({
      parts: leaves(8, N),
      samples: fc.integer({ min: 1, max: 40 }),
      rule: fc.constantFrom(...rules),
      kind: fc.constantFrom<Kernels['kind']>('wasm', 'typescript'),
      picks: fc.infiniteStream(fc.nat()),
    });
    fc.assert(
      fc.property(script, ({ parts, samples, rule, kind, picks }) => {
        const inOrder = setup(rule, SMALL, 8, 'wasm');
        const anyOrder = setup(rule, SMALL, 8, kind);
        for (let step = 0; step < 3; step++) {
          const bounds = shardBounds(samples, 8);
          const has = (shard: number) => bounds[shard + 1]! > bounds[shard]!;
          inOrder.begin(samples);
          for (let shard = 0; shard < 8; shard++) {
            if (has(shard)) inOrder.add(8 + shard, 0, parts[shard]!);
          }
          anyOrder.begin(samples);
          const nodes: Node[] = [ROOT];
          while (nodes.length > 0) {
            const [node] = nodes.splice(picks.next().value % nodes.length, 1);
            const contribution = contributionOf(node!, parts, has);
            if (!contribution) continue;
            if (node! < 8 && picks.next().value % 2 === 0) nodes.push(2 * node!, 2 * node! + 1);
            else expect(anyOrder.add(node!, 0, contribution)).toBe('counted');
          }
          expect(anyOrder.pipeline.end()).toEqual(inOrder.pipeline.end());
          const sections = ({ pipeline }: typeof inOrder) =>
            pipeline.state.sections().map(({ name, chunks }) => [name, ...chunks.map((chunk) => [...chunk])]);
          expect(sections(anyOrder)).toEqual(sections(inOrder));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('moves what gradients do not train by its mean change, whatever the rule', () => {
    for (const name of ['sgd', 'adam', 'lamb'] as const) {
      const made = setup({ optimizer: createOptimizer({ name }), clipNorm: 1e-3, clipValue: 1e-4 });
      const change = small(1000);
      change.set([8, -4, 2], T);
      stepOnce(made, change, 4);
      const moved = [...flat(made.pipeline).subarray(T)].map((value, i) => value - made.initial[T + i]!);
      for (const [i, expected] of [2, -1, 0.5].entries()) expect(moved[i]).toBeCloseTo(expected, 6);
    }
  });

  it('is made with the learning rate of its step and counted from 1', () => {
    const seen: unknown[] = [];
    const optimizer = { ...sgd, update: (...[, , hyper]: Parameters<typeof sgd.update>) => seen.push(hyper) };
    const made = setup({ optimizer });
    stepOnce(made, small(1), 4, 0.5);
    stepOnce(made, small(1), 4, 0.25);
    expect(seen).toEqual([
      { learningRate: 0.5, t: 1 },
      { learningRate: 0.25, t: 2 },
    ]);
  });
});

describe('the pipeline', () => {
  it('has chunk 0 of the next version ready before chunk 1 has arrived', () => {
    const made = setup({}, TWO_CHUNKS, 2);
    const { pipeline } = made;
    const gradient = new Float32Array(TWO_CHUNKS.total).fill(4);
    made.begin(4);
    made.add(2, 0, gradient);
    expect([pipeline.weights.available(1), pipeline.touched, made.progress()]).toEqual([0, false, 0]);
    made.add(3, 0, gradient);
    expect([pipeline.weights.available(1), pipeline.touched, made.progress()]).toEqual([1, true, 1]);
    const frame = pipeline.weights.frame(1, 0);
    const { step, chunk, body } = readFrame(Buffer.concat([frame.header, frame.body]));
    expect([step, chunk]).toEqual([1, 0]);
    const values = new Float32Array(Uint8Array.from(body).buffer);
    expect(values[7]).toBe(Math.fround(made.initial[7]! - Math.fround(0.1) * 2));
    // The version that is computed with is still whole.
    expect([pipeline.weights.version, flat(pipeline)]).toEqual([0, made.initial]);
    for (const node of [3, 2]) made.add(node, 1, gradient);
    expect(pipeline.weights.available(1)).toBe(2);
    pipeline.end();
    expect(pipeline.weights.version).toBe(1);
    const after = flat(pipeline);
    expect(after[CHUNK_ELEMENTS + 10]).toBeCloseTo(made.initial[CHUNK_ELEMENTS + 10]! - 0.2, 6);
    expect(after[CHUNK_ELEMENTS + 11]).toBeCloseTo(made.initial[CHUNK_ELEMENTS + 11]! + 2, 6);
  });

  it('takes nothing that is not finite, and takes the node again from another', () => {
    const made = setup();
    made.begin(4);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const gradient = small(1);
      gradient[N - 1] = bad;
      expect(made.add(ROOT, 0, gradient)).toBe('notFinite');
    }
    expect(made.add(2, 0, small(1))).toBe('counted');
    expect(made.add(2, 0, small(1))).toBe('duplicate');
    expect(made.add(ROOT, 0, small(1))).toBe('overlap');
    expect(made.add(3, 0, small(1))).toBe('counted');
    made.pipeline.end();
    expect(flat(made.pipeline)[0]).toBeCloseTo(made.initial[0]! - 0.1 * 0.5, 6);
  });

  it('says when the weights have left the numbers', () => {
    const made = setup();
    expect(made.pipeline.state.isFinite()).toBe(true);
    stepOnce(made, small(3e38), 1, 1e10);
    expect(made.pipeline.state.isFinite()).toBe(false);
  });
});

describe('clipping', () => {
  it('by the global norm waits for the whole gradient, and for nothing else', () => {
    const clipNorm = 2;
    const made = setup({ clipNorm }, TWO_CHUNKS, 1);
    const gradient = new Float32Array(TWO_CHUNKS.total).fill(1);
    // Statistics are no part of the norm.
    gradient.fill(1000, TWO_CHUNKS.trainable);
    made.begin(1);
    made.add(ROOT, 0, gradient);
    expect(made.pipeline.weights.available(1)).toBe(0);
    made.add(ROOT, 1, gradient);
    expect(made.pipeline.weights.available(1)).toBe(2);
    const { gradientNorm } = made.pipeline.end();
    const norm = Math.sqrt(TWO_CHUNKS.trainable);
    expect(gradientNorm).toBeCloseTo(norm, 6);
    const after = flat(made.pipeline);
    for (const i of [0, CHUNK_ELEMENTS - 1, CHUNK_ELEMENTS, TWO_CHUNKS.trainable - 1]) {
      expect(after[i]).toBeCloseTo(made.initial[i]! - (0.1 * clipNorm) / norm, 6);
    }
    // A change of statistics is no gradient: only rounding may tell it from the plain sum.
    expect(after[TWO_CHUNKS.trainable]! - made.initial[TWO_CHUNKS.trainable]!).toBeCloseTo(1000, 3);
  });

  it('by the global norm leaves a small gradient alone', () => {
    const [clipped, plain] = [setup({ clipNorm: 1e6 }), setup()];
    for (const made of [clipped, plain]) stepOnce(made, small(3));
    expect(flat(clipped.pipeline)).toEqual(flat(plain.pipeline));
  });

  it('by value bounds each element of the mean gradient', () => {
    const made = setup({ clipValue: 0.5 });
    const gradient = small(0);
    gradient.set([8, -8, 1]);
    stepOnce(made, gradient, 4);
    const moved = [...flat(made.pipeline).subarray(0, 3)].map((value, i) => value - made.initial[i]!);
    for (const [i, expected] of [-0.05, 0.05, -0.025].entries()) expect(moved[i]).toBeCloseTo(expected, 6);
  });
});

describe('the moving average', () => {
  it('follows the weights, statistics included, in frames and versions of its own', () => {
    const made = setup({ averageDecay: 0.75 });
    const { pipeline } = made;
    const expected = Float64Array.from(made.initial);
    for (let step = 0; step < 20; step++) {
      stepOnce(made, small(step));
      const weights = flat(pipeline);
      for (let i = 0; i < N; i++) expected[i]! += 0.25 * (weights[i]! - expected[i]!);
    }
    expect(pipeline.averaged!.version).toBe(20);
    for (const [i, value] of pipeline.averaged!.flat().entries()) {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]!)));
    }
    expect(pipeline.state.sections().map(({ name }) => name)).toEqual(['weights', 'average']);
  });
});
