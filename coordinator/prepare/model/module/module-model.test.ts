import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../shared/numerics/layout.js';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { build } from '../../../../test/support/models/building.js';
import { batchOf, cpuEngine, type Problem, problem } from '../../../../test/support/models/learning.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import type { DataSet } from '../../data/source.js';

const TREE_RNN = fileURLToPath(new URL('../../../../examples/tree-rnn/tree-rnn.mjs', import.meta.url));
const FIXTURE = fileURLToPath(new URL('./fixtures/tree-gradients.json', import.meta.url));

interface Fixture {
  x: number[][][];
  y: number[];
  losses: number[];
  weights: Record<string, number[]>;
  gradients: Record<string, number[]>;
}
const fixture = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Fixture;

/** The fixture's trees. */
function trees(): DataSet {
  const { x, y } = fixture;
  const records = { count: y.length, x: Uint8Array.from(x.flat(2)), y: Uint8Array.from(y) };
  return {
    name: 'trees',
    x: { shape: [x[0]!.length, 3], dtype: 'uint8' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes: 2 },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: records,
    test: records,
  };
}

/** Values by parameter as a flat vector. */
function flatOf({ built }: Problem, values: Record<string, number[]>): Float32Array {
  const { slots, total } = layoutOf(built.description.weights);
  const flat = new Float32Array(total);
  for (const { name, offset } of slots) flat.set(values[name.split('/')[1]!]!, offset);
  return flat;
}

describe('a recursive network as a program', () => {
  it("has PyTorch's losses and gradients on trees of different shapes, and in a batch their sum", async () => {
    const given = await problem(trees(), TREE_RNN);
    const { data, built } = given;
    const { module, weights, format } = built.description;
    expect([module!.name, format]).toEqual(['tree-rnn.mjs', 2]);
    expect(weights.map(({ name }) => name)).toContain('tree_rnn/and_kernel');
    const engine = await cpuEngine(given);
    try {
      await engine.setWeights(flatOf(given, fixture.weights));
      const gradient = new Float32Array(layoutOf(weights).total);
      for (const [i, loss] of fixture.losses.entries())
        expect((await engine.gradient(batchOf(data, [i]), 1, gradient)).loss).toBeCloseTo(loss, 5);
      const all = await engine.gradient(batchOf(data, [...fixture.y.keys()]), 1, gradient);
      expect(all.loss).toBeCloseTo(
        fixture.losses.reduce((a, b) => a + b),
        4,
      );
      const expected = flatOf(given, fixture.gradients);
      for (const [i, value] of gradient.entries())
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected[i]!)));
    } finally {
      engine.dispose();
    }
  });

  it('begins with weights that follow from the seed, and has no graph', async () => {
    const one = await problem(trees(), TREE_RNN, undefined, 3);
    const [same, other] = [await problem(trees(), TREE_RNN, undefined, 3), await problem(trees(), TREE_RNN)];
    expect(same.built.weights).toEqual(one.built.weights);
    expect(other.built.weights).not.toEqual(one.built.weights);
    expect(new Set(one.built.weights).size).toBeGreaterThan(60);
    expect(one.built.program).toEqual({
      format: 1,
      graphs: {},
      refused: "the model's forward pass is a program (tree-rnn.mjs), which has no graph",
    });
  });
});

describe("a module's model", () => {
  const root = temporaryFolder();
  let count = 0;
  const module = (parameters: string, forward = '({ tf, weights }) => weights.kernel.sum(0)') => {
    const path = join(root, `model-${count++}.mjs`);
    writeFileSync(path, `export const parameters = ${parameters};\nexport const forward = ${forward};\n`);
    return path;
  };

  it.each([
    ['undefined', /names no parameters: export const parameters = /],
    ['{ Kernel: { shape: [4, 3] } }', /parameter Kernel: a name has small letters/],
    ['{ kernel: { shape: [4, -3] } }', /parameter kernel: its shape must be a list of whole numbers above 0/],
    [
      '{ kernel: { shape: [4, 3], init: 1 } }',
      /parameter kernel: unknown init; known are shape, initializer/,
    ],
    [
      "{ kernel: { shape: [4, 3], initializer: 'glorot' } }",
      /initializer glorot is unknown; known are zeros, ones/,
    ],
    [
      "{ kernel: { shape: [4, 3], initializer: { name: 'zeros', value: 1 } } }",
      /initializer zeros: it has no value/,
    ],
    ["() => { throw new Error('no') }", /parameters has thrown: no/],
  ])('with parameters %s is refused', async (parameters, words) => {
    expect(await refusalOf(build(module(parameters)))).toMatch(words);
  });

  it.each([
    ['({ weights }) => weights.kernel', /forward gave a tensor of \[4,3\], the data ask for \[3\]/],
    ['async ({ weights }) => weights.kernel', /forward gave a promise, not a tensor/],
    ['({ record }) => record.nothing.here', /forward has thrown: Cannot read properties of undefined/],
  ])('whose forward is %s is refused by name', async (forward, words) => {
    await expect(build(module('{ kernel: { shape: [4, 3] } }', forward))).rejects.toThrow(words);
  });

  it('has parameters by the shapes of the data, and numbers to predict', async () => {
    const given = '({ inputShape, outputs }) => ({ kernel: { shape: [...inputShape, outputs] } })';
    const path = module(given, '({ tf, weights, record }) => tf.dot(record.tensor(), weights.kernel)');
    const { description } = await build(path, { classes: 0 });
    expect(description).toMatchObject({ loss: 'meanSquaredError', inputShape: [4], outputShape: [1] });
    expect(description.weights).toMatchObject([{ shape: [4, 1], trainable: true }]);
  });

  it('takes no layers of a file: --freeze and --head are refused', async () => {
    const path = module('{ kernel: { shape: [4, 3] } }');
    expect(await refusalOf(build(path, { tuning: { freeze: [], head: true } }))).toMatch(
      /^--freeze and --head are for layers: --model .* is a program/,
    );
  });
});
