/** A recurrence on blocked channels gives what it gives on rows. */
import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { GraphMaker, input } from '../../../../test/support/compiled/graphs.js';
import { cpuRuntime } from '../../../node/compiled.js';
import { createNode, type Graph, type Value } from '../../graph/graph.js';
import { lower } from '../../lower.js';
import { PORTABLE, type Target } from '../target.js';

const [STEPS, ROWS, WIDTH, UNITS] = [9, 3, 48, 32];
const { session: options, target } = await cpuRuntime();

/**
 * The projected inputs drive two gates of each step, of which the products read only one; gradients go back
 * through the transposed matrix. All that blocks can hold: cuts and joins of both axes, numbers, a vector.
 */
function recurrence(): Graph {
  const make = new GraphMaker();
  const flags = (transposeB = false) => ({ transposeA: false, transposeB });
  const [all, both, one] = [STEPS * ROWS, 2 * UNITS, [ROWS, UNITS]];
  const projection = { a: input('x', [all, WIDTH]), b: input('v', [WIDTH, both]), bias: input('c', [both]) };
  const projected = make.node('_FusedMatMul', projection, [all, both], flags());
  const like = (shape: number[]) => ({ shape, dtype: 'float32' as const });
  const split = (x: Value, axis: number, shapes: number[][]) => {
    const node = createNode('SplitV', { x }, { axis }, shapes.map(like));
    make.nodes.push(node);
    return node.outputs;
  };
  const [recurrent, number] = [input('w', [UNITS, both]), input('one', [])];
  const states: Value[] = [];
  for (const step of split(projected, 0, new Array(STEPS).fill([ROWS, both]))) {
    const a = states.at(-1);
    const drive = a
      ? make.node('_FusedMatMul', { a, b: recurrent, bias: step }, [ROWS, both], flags())
      : step;
    const gate = split(make.node('Sigmoid', { x: drive }, [ROWS, both]), 1, [one, one])[0]!;
    const cut = make.node('Slice', { x: drive }, one, { begin: [0, UNITS], size: one });
    const bent = make.node('Sub', { a: number, b: make.node('Tanh', { x: cut }, one) }, one);
    states.push(make.node('Multiply', { a: gate, b: bent }, one));
  }
  let back = states.at(-1)!;
  for (let step = STEPS - 1; step > 0; step--) {
    const wide = make.node('Concat', { 0: back, 1: states[step]! }, [ROWS, both], { axis: 1 });
    const product = make.node('BatchMatMul', { a: wide, b: recurrent }, one, flags(true));
    back = make.node('Add', { a: product, b: states[step - 1]! }, one);
  }
  const y = make.node('Concat', Object.fromEntries(states.entries()), [all, UNITS], { axis: 0 });
  return make.graph({ y, back });
}

async function run(own: Target) {
  const { bytes, inputs } = lower(recurrence(), own);
  const session = await ort.InferenceSession.create(bytes, options);
  const feeds = inputs.map(({ source, shape }, place) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const numbers = Float32Array.from({ length: size }, (_, i) => Math.sin(i + place) / 4);
    return [(source as { name: string }).name, new ort.Tensor('float32', numbers, shape)] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  const text = new TextDecoder('latin1').decode(bytes);
  return { results, hasGemm: text.includes('Gemm') };
}

it('a recurrence on blocked images gives what it gives on rows', async () => {
  const [plain, blocked] = [await run(PORTABLE), await run(target)];
  // On a processor without such blocks both are the same.
  expect([plain.hasGemm, blocked.hasGemm]).toEqual([true, target.blockSize === 0]);
  for (const [name, { data }] of Object.entries(plain.results)) {
    const actual = blocked.results[name]!.data as Float32Array;
    expect(actual).toHaveLength(data.length);
    for (const [i, value] of (data as Float32Array).entries()) expect(actual[i]).toBeCloseTo(value, 5);
  }
});
