/** Models with two inputs and two outputs, held against Keras: engine/eager/fixtures/make-two-ends.py. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { DataHead } from '../../coordinator/prepare/model/topology/reference.js';
import { buildTopology } from '../../coordinator/prepare/model/topology/topology.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import {
  compiledEngine,
  eagerEngine,
  gradientOf,
  type Subject,
} from '../../test/support/compiled/subject.js';
import type { Batch } from '../engine.js';
import { cpuRuntime, wasmRuntime } from '../node/compiled.js';
import { PORTABLE } from './lower/target.js';

type Values = Record<string, number[]>;
interface Case {
  model: object;
  loss: number;
  own: Record<'species' | 'age', number>;
  right: number;
  error: number;
  weights: Values;
  gradients: Values;
}
const FIXTURE = fileURLToPath(new URL('../eager/fixtures/two-ends.json', import.meta.url));
const { samples, pixels, numbers, species, age, weights, cases } = JSON.parse(
  await readFile(FIXTURE, 'utf8'),
) as {
  samples: number;
  pixels: number[];
  numbers: number[];
  species: number[];
  age: number[];
  weights: Record<string, number>;
  cases: Record<'apart' | 'chained', Case>;
};
const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-'));
afterAll(() => rm(folder, { recursive: true }));

const AS_STORED = { scale: 1, mean: [0], std: [1] };
const rowsOf = (values: number[]) => {
  const size = values.length / samples;
  return (record: number) => values.slice(record * size, (record + 1) * size);
};
const sideBySide = (...parts: number[][]) =>
  Float32Array.from(
    Array.from({ length: samples }, (_, record) => parts.flatMap((part) => rowsOf(part)(record))).flat(),
  );

/** Parts in another order than the model has them. */
const batch: Batch = { count: samples, x: sideBySide(pixels, numbers), y: sideBySide(species, age) };
const part = (from: number, to: number): Batch => ({
  count: to - from,
  x: batch.x.slice((from * batch.x.length) / samples, (to * batch.x.length) / samples),
  y: batch.y.slice((from * batch.y.length) / samples, (to * batch.y.length) / samples),
});

const data: DataHead = {
  name: 'two ends',
  x: { shape: [19], dtype: 'float32' },
  y: { shape: [2], dtype: 'float32' },
  label: { kind: 'class', classes: 3 },
  named: {
    inputs: [
      { name: 'pixels', shape: [4, 4, 1], normalisation: { scale: 1 / 255, mean: [0], std: [1] } },
      { name: 'numbers', shape: [3], normalisation: AS_STORED },
    ],
    outputs: [
      { name: 'species', shape: [], label: { kind: 'class', classes: 3 } },
      { name: 'age', shape: [1], label: { kind: 'value' } },
    ],
  },
  normalisation: AS_STORED,
  first: [part(0, 2)],
  trainRecords: samples,
  testRecords: samples,
};

async function subjectOf(name: keyof typeof cases, head = data): Promise<Subject> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(cases[name].model));
  const { description } = await buildTopology({ model: file, data: head, loss: undefined, seed: 7 });
  const layout = layoutOf(description.weights);
  const values = new Float32Array(layout.total);
  for (const { name: path, offset } of layout.slots) values.set(cases[name].weights[path]!, offset);
  return { description, layout, weights: values, data: head, batch: () => batch };
}

const engines = {
  'eager/cpu': eagerEngine,
  'compiled, native': async (subject: Subject) => {
    const runtime = await cpuRuntime();
    return compiledEngine(subject, runtime.target, runtime);
  },
  'compiled, portable': async (subject: Subject) => compiledEngine(subject, PORTABLE, await cpuRuntime()),
  'compiled/wasm': async (subject: Subject) => {
    const runtime = await wasmRuntime();
    return compiledEngine(subject, runtime.target, runtime);
  },
};

describe.each(Object.keys(cases) as (keyof typeof cases)[])('two inputs and two outputs, %s', (name) => {
  const expected = cases[name];
  it.each(Object.entries(engines))('%s has the loss and the gradients of Keras', async (_, make) => {
    const subject = await subjectOf(name);
    const engine = await make(subject);
    const { loss, metric, values } = await gradientOf(engine, subject, batch);
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-5);
    // That of the first output of the data.
    expect(metric).toBe(expected.right);
    for (const { name: path, offset, size } of subject.layout.slots) {
      const gradient = expected.gradients[path]!;
      const largest = Math.max(...gradient.map(Math.abs));
      for (let i = 0; i < size; i++)
        expect(Math.abs(values[offset + i]! - gradient[i]!) / largest, `${path}, ${i}`).toBeLessThan(1e-5);
    }
    const evaluated = await engine.evaluate(batch);
    engine.dispose();
    expect(evaluated.scores!.species_loss).toBeCloseTo(expected.own.species, 4);
    expect(evaluated.scores!.age_loss).toBeCloseTo(expected.own.age, 4);
    expect(evaluated.scores!.species_accuracy).toBe(expected.right);
    expect(evaluated.scores!.age_meanAbsoluteError).toBeCloseTo(expected.error, 4);
    expect(evaluated.metric).toBe(expected.right);
    expect(evaluated.confusion!.filter((_, cell) => cell % 4 === 0).reduce((a, b) => a + b)).toBe(
      expected.right,
    );
    // Evaluations leave the regularizers out.
    const sum = weights.species! * expected.own.species + weights.age! * expected.own.age;
    expect(Math.abs(evaluated.loss / sum - 1)).toBeLessThan(1e-5);
  });
});

it('losses and their weights are those that the file was compiled with, by name or in the order of the outputs', async () => {
  const outputs = { species: 1, age: 0.25 };
  for (const name of ['apart', 'chained'] as const) {
    const { description } = await subjectOf(name);
    expect(Object.fromEntries(description.outputs!.map(({ name, weight }) => [name, weight]))).toEqual(
      outputs,
    );
  }
});

it('parts may stand in any order in records', async () => {
  const { inputs, outputs } = data.named!;
  const turned: Batch = { count: samples, x: sideBySide(numbers, pixels), y: sideBySide(age, species) };
  const head: DataHead = {
    ...data,
    label: outputs[1]!.label,
    named: { inputs: [...inputs].reverse(), outputs: [...outputs].reverse() },
    first: [turned],
  };
  const results = [];
  for (const [given, records] of [
    [data, batch],
    [head, turned],
  ] as const) {
    const subject = await subjectOf('apart', given);
    const engine = await eagerEngine(subject);
    results.push(await gradientOf(engine, subject, records));
    engine.dispose();
  }
  expect(results[1]!.values).toEqual(results[0]!.values);
  expect(results[1]!.loss).toBe(results[0]!.loss);
});
