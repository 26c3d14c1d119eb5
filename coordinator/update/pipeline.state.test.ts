import { describe, expect, it } from 'vitest';
import { roundToBfloat16 } from '../../shared/numerics/codec/weights/bfloat16.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { ROOT } from '../../shared/numerics/tree.js';
import { createOptimizer } from '../../shared/numerics/update/optimizers/optimizers.js';
import { SMALL, small } from '../../test/support/update/contributions.js';
import { setup, stepOnce } from '../../test/support/update/pipeline-setup.js';
import type { Pipeline } from './pipeline.js';
import type { UpdateRule } from './rule/update-rule.js';

type Made = ReturnType<typeof setup>;

describe('the memory of the kernels', () => {
  const rules: [string, Partial<UpdateRule>][] = [
    ['plain', {}],
    ['with an average', { averageDecay: 0.9 }],
    [
      'with a norm, an average and two state vectors',
      {
        optimizer: createOptimizer({ name: 'adam' }),
        clipNorm: 1,
        averageDecay: 0.9,
      },
    ],
    ['with a rule for the whole', { optimizer: createOptimizer({ name: 'lamb' }) }],
  ];

  // More than was allocated at the start would be refused: the memory never grows.
  it.each(rules)('does not grow over 1,000 steps, refusals included: %s', (_, rule) => {
    const made = setup(rule, SMALL, 8);
    for (let step = 0; step < 1000; step++) {
      made.begin(16);
      made.add(2, 0, small(Number.NaN));
      made.add(12, 0, small(1));
      made.add(3, 0, small(1));
      for (let shard = 13; shard < 16; shard++) made.add(shard, 0, small(step % 7));
      made.add(12, 0, small(1));
      for (let shard = 8; shard < 12; shard++) made.add(shard, 0, small(step % 5));
      made.pipeline.end();
    }
    expect(made.pipeline.weights.version).toBe(1000);
  });

  it.each(rules)('suffices for a large model whose chunks all wait for one shard: %s', (_, rule) => {
    const layout = layoutOf([{ name: 'kernel', shape: [24 * 64 + 1], trainable: true }], 64);
    const made = setup(rule, layout, 2);
    const gradient = new Float32Array(layout.total).fill(1);
    for (let step = 0; step < 2; step++) {
      made.begin(2);
      let late = 0;
      for (let chunk = 0; chunk < layout.chunks; chunk++) {
        // As far ahead as the window lets a worker be.
        for (; chunk >= made.pipeline.window; late++) made.add(3, late, gradient);
        made.add(2, chunk, gradient);
      }
      for (; late < layout.chunks; late++) made.add(3, late, gradient);
      made.pipeline.end();
    }
    expect(made.pipeline.state.isFinite()).toBe(true);
  });
});

describe('what lasts', () => {
  const rule = { optimizer: createOptimizer({ name: 'adam' }), averageDecay: 0.9 };
  const stored = (pipeline: Pipeline) =>
    new Map(
      pipeline.state
        .sections()
        .map(({ name, chunks }) => [name, Float32Array.from(chunks.flatMap((chunk) => [...chunk]))] as const),
    );

  it('continues the same run, to the bit, when it is restored', () => {
    const [whole, resumed] = [setup(rule), setup(rule)];
    for (let step = 0; step < 3; step++) stepOnce(whole, small(step));
    resumed.pipeline.state.restore(3, stored(whole.pipeline));
    for (let step = 3; step < 6; step++) for (const made of [whole, resumed]) stepOnce(made, small(step));
    expect(stored(resumed.pipeline)).toEqual(stored(whole.pipeline));
    expect(resumed.pipeline.weights.version).toBe(6);
  });

  it('is what workers hold, rounded, wherever it comes from: steps, a checkpoint, weights that are shown', () => {
    const layout = layoutOf([{ name: 'kernel', shape: [300], trainable: true }], 200);
    const [made, resumed] = [0, 1].map(() => setup({}, layout, 4, 'wasm', 'bf16')) as [Made, Made];
    const gradient = Float32Array.from({ length: 300 }, (_, i) => Math.cos(i));
    const rounded = (values: Float32Array) => {
      const into = new Float32Array(values.length);
      roundToBfloat16(values, into);
      return into;
    };
    const expectRounded = ({ pipeline }: Made) => {
      expect(pipeline.held.flat()).toEqual(rounded(pipeline.weights.flat()));
      expect(pipeline.held.version).toBe(pipeline.weights.version);
      expect(pipeline.held.flat()).not.toEqual(pipeline.weights.flat());
    };
    expectRounded(made);
    for (let step = 0; step < 2; step++) {
      made.begin(4);
      for (const chunk of [0, 1]) {
        made.add(ROOT, chunk, gradient);
        expect(made.pipeline.held.available(step + 1)).toBe(chunk + 1);
        const { body } = made.pipeline.held.frame(step + 1, chunk);
        expect(body).toHaveLength([400, 200][chunk]!);
      }
      made.pipeline.end();
      expectRounded(made);
    }
    resumed.pipeline.state.restore(2, stored(made.pipeline));
    expectRounded(resumed);
    const own = made.pipeline.held.sha256Of(2);
    expect(resumed.pipeline.held.sha256Of(2)).toBe(own);
    const takeBack = made.pipeline.present(new Map([['weights', gradient]]));
    expect(made.pipeline.held.flat()).toEqual(rounded(gradient));
    expectRounded(made);
    takeBack();
    expect([made.pipeline.held.sha256Of(2), made.pipeline.held.version]).toEqual([own, 2]);
  });

  it('is also what workers hold where changes travel, which no weights tell: to the bit, wherever it comes from', () => {
    const layout = layoutOf([{ name: 'kernel', shape: [300], trainable: true }], 200);
    const made = () => setup({ averageDecay: 0.5 }, layout, 4, 'wasm', 'delta4');
    const [whole, resumed, shown] = [made(), made(), made()] as [Made, Made, Made];
    const step = (one: Made, at: number) => {
      one.begin(4);
      for (const chunk of [0, 1])
        one.add(
          ROOT,
          chunk,
          Float32Array.from({ length: 300 }, (_, i) => Math.cos(i * at)),
        );
      one.pipeline.end();
    };
    const heldOf = ({ pipeline }: Made) => [pipeline.held.version, pipeline.held.flat()];
    expect(whole.pipeline.held.flat()).toEqual(whole.pipeline.weights.flat());
    for (let at = 0; at < 3; at++) step(whole, at);
    expect(whole.pipeline.held.flat()).not.toEqual(whole.pipeline.weights.flat());
    const sections = stored(whole.pipeline);
    expect(sections.get('held')).toEqual(whole.pipeline.held.flat());
    resumed.pipeline.state.restore(3, sections);
    for (let at = 3; at < 6; at++) for (const one of [whole, resumed]) step(one, at);
    expect(heldOf(resumed)).toEqual(heldOf(whole));
    expect(resumed.pipeline.held.sha256Of(6)).toBe(whole.pipeline.held.sha256Of(6));
    // The best weights are shown as they were held, and the last ones as they are.
    for (const best of [sections, undefined]) {
      shown.pipeline.state.restore(6, stored(whole.pipeline));
      const takeBack = shown.pipeline.present(best);
      expect(shown.pipeline.held.flat()).toEqual((best ?? stored(whole.pipeline)).get('held'));
      takeBack();
      expect(heldOf(shown)).toEqual(heldOf(whole));
    }
    sections.delete('held');
    expect(() => resumed.pipeline.state.restore(3, sections)).toThrow(
      'section held: 300 values needed, none found',
    );
  });

  it('is refused where a section is missing or has another size', () => {
    const { pipeline } = setup(rule);
    const sections = stored(pipeline);
    sections.set('weights', new Float32Array(3));
    expect(() => pipeline.state.restore(1, sections)).toThrow(
      `section weights: ${SMALL.total} values needed, 3 found`,
    );
    sections.delete('weights');
    expect(() => pipeline.state.restore(1, sections)).toThrow('none found');
  });

  it('can be copied chunk by chunk while the run goes on: a copy is asked for before the first change', () => {
    const made = setup(rule, SMALL, 4, 'wasm', 'delta8');
    for (let step = 0; step < 2; step++) stepOnce(made, small(step));
    const before = stored(made.pipeline);
    const views = new Map(made.pipeline.state.sections().map(({ name, chunks }) => [name, chunks]));
    const kept = new Map<string, Float32Array>();
    made.pipeline.protect({
      preserve(name, chunk) {
        const key = `${name}/${chunk}`;
        if (!kept.has(key)) kept.set(key, views.get(name)![chunk]!.slice());
      },
    });
    for (let step = 2; step < 5; step++) stepOnce(made, small(step));
    for (const [name, values] of before) expect(kept.get(`${name}/0`)).toEqual(values);
    const asked = kept.size;
    kept.clear();
    made.pipeline.protect(undefined);
    stepOnce(made, small(9));
    expect([asked, kept.size]).toEqual([5, 0]);
  });
});
