/**
 * A data set of arrays for a model with several inputs or outputs: each input and each output has an array of its own, and
 * is read as that of a model of one input and one output is. Records then hold all of them, side by side.
 */
import {
  type InputPart,
  newRecordArray,
  type OutputPart,
  type RecordArray,
  type RecordFormat,
  type TensorSpec,
} from '../../../../shared/data/manifest.js';
import { partPlaces } from '../../../../shared/data/named-parts.js';
import { UserError } from '../../../../shared/user-error.js';
import { FED_AS_STORED } from '../scaling/normalization.js';
import type { DataSet, DataShapes, EndNames, Reader, Records } from '../source.js';
import { SpecOptions } from '../spec.js';
import { type Arrays, dataOfArrays, type Pair } from './data-set.js';
import { recordSpecOf } from './features.js';
import { type DeclaredClasses, labelsOf } from './labels.js';
import type { PlainArray } from './plain-array.js';

/** One input's array, or one output's. */
export interface NamedArray {
  name: string;
  train: PlainArray;
  test?: PlainArray | undefined;
  /** Of an output: what classes there are, where the labels alone do not tell. */
  classes?: DeclaredClasses | undefined;
  /** How it is read. */
  options: SpecOptions;
}

export interface NamedArrays {
  name: string;
  inputs: readonly NamedArray[];
  outputs: readonly NamedArray[];
  /** What each record counts in training. */
  weight?: PlainArray | undefined;
}

/** @throws UserError naming the part, the array and the remedy */
export async function dataOfNamedArrays(arrays: NamedArrays, reader: Reader): Promise<DataSet> {
  const { inputs, outputs, name } = arrays;
  const { trained } = reader;
  const shapes = shapesOf(arrays, trained);
  const sets: DataSet[] = [];
  // Each is read beside one of the other side: as often as the longer side has parts.
  for (let at = 0; at < Math.max(inputs.length, outputs.length); at++) {
    const [input, output] = [inputs[at] ?? inputs[0]!, outputs[at] ?? outputs[0]!];
    const own = readerOf(reader, shapes, input.name, output.name);
    sets.push(await dataOfArrays(pairOf(arrays, input, output), optionsOf(input, output), own));
  }
  const [first] = sets as [DataSet];
  for (const set of sets) refuseDropped(name, first, set);
  const inputSets = inputs.map((_, at) => sets[at]!);
  const outputSets = outputs.map((_, at) => sets[at]!);
  const named = {
    inputs: inputs.map(({ name }, at) => inputPart(name, inputSets[at]!)),
    outputs: outputs.map(({ name }, at): OutputPart => {
      const { y, label } = outputSets[at]!;
      return { name, shape: y.shape, label };
    }),
  };
  const isOneInput = inputs.length === 1;
  const x = isOneInput
    ? first.x
    : flatSpec(
        named.inputs,
        inputSets.map(({ x }) => x),
      );
  const y =
    outputs.length === 1
      ? first.y
      : flatSpec(
          named.outputs,
          outputSets.map(({ y }) => y),
        );
  const recordsOf = (part: 'train' | 'test'): Records => ({
    count: first[part].count,
    x: sideBySide(
      x,
      named.inputs,
      inputSets.map((set) => set[part].x),
      first[part].count,
    ),
    y: sideBySide(
      y,
      named.outputs,
      outputSets.map((set) => set[part].y),
      first[part].count,
    ),
  });
  const { weight } = first.train;
  const unique = (texts: (string[] | undefined)[]) => [...new Set(texts.flatMap((list) => list ?? []))];
  return {
    name,
    ...{ x, y, label: first.label, named },
    ...(isOneInput && first.columns ? { columns: first.columns } : {}),
    normalisation: isOneInput ? first.normalisation : FED_AS_STORED,
    train: { ...recordsOf('train'), ...(weight && { weight }) },
    test: recordsOf('test'),
    ...(first.parts ? { parts: first.parts } : {}),
    notes: [
      `inputs: ${inputs.map(({ name }) => name).join(', ')}; outputs: ${outputs.map(({ name }) => name).join(', ')}`,
      ...unique(sets.map(({ notes }) => notes)),
    ],
    warnings: unique(sets.map(({ warnings }) => warnings)),
  };
}

/** The shape is said of the input, all else of the output, or of both alike. */
function optionsOf(input: NamedArray, output: NamedArray): SpecOptions {
  const options = new Map(
    output.options.names().map((name) => [name, output.options.get(name) ?? ''] as const),
  );
  const shape = input.options.get('shape');
  if (shape === undefined) options.delete('shape');
  else options.set('shape', shape);
  return new SpecOptions(options);
}

function pairOf({ name, weight }: NamedArrays, input: NamedArray, output: NamedArray): Arrays {
  const test: Pair | undefined = input.test && output.test && { x: input.test, y: output.test };
  return { name, train: { x: input.train, y: output.train, weight }, test, classes: output.classes };
}

/** What the model is asked with, before anything is scaled. */
function shapesOf({ inputs, outputs }: NamedArrays, trained: RecordFormat | undefined): DataShapes {
  const ins = inputs.map(({ name, train, options }): InputPart & { spec: TensorSpec } => {
    const { x } = recordSpecOf(train, options);
    return { name, shape: x.shape, normalisation: FED_AS_STORED, spec: x };
  });
  const outs = outputs.map(({ name, train, test, options, classes }): OutputPart & { spec: TensorSpec } => {
    const { y, label } = labelsOf(
      test ? [train, test] : [train],
      options,
      formatOf(trained, '', name),
      classes,
    );
    return { name, shape: y.shape, label, spec: y };
  });
  return {
    x:
      ins.length === 1
        ? ins[0]!.spec
        : flatSpec(
            ins,
            ins.map(({ spec }) => spec),
          ),
    y:
      outs.length === 1
        ? outs[0]!.spec
        : flatSpec(
            outs,
            outs.map(({ spec }) => spec),
          ),
    label: outs[0]!.label,
    named: {
      inputs: ins.map(({ spec: _, ...part }) => part),
      outputs: outs.map(({ spec: _, ...part }) => part),
    },
  };
}

function readerOf(reader: Reader, shapes: DataShapes, input: string, output: string): Reader {
  const { endsOf, trained } = reader;
  return {
    ...reader,
    ...(endsOf && { endsOf: () => endsOf(shapes, { input, output }) }),
    ...(trained && { trained: formatOf(trained, input, output)! }),
  };
}

/** What a model was trained on, of one input and one output; of one that it has not, as it is of all. */
export function formatOf(
  trained: RecordFormat | undefined,
  input: string,
  output: string,
): RecordFormat | undefined {
  const inPart = trained?.named?.inputs.find(({ name }) => name === input);
  const outPart = trained?.named?.outputs.find(({ name }) => name === output);
  if (!trained?.named) return trained;
  const { named: _, columns, ...one } = trained;
  const own = inPart?.scalings && {
    columns: {
      named: true,
      label: 'y',
      features: inPart.scalings.map((scaling, i) => ({ name: `x${i}`, ...scaling })),
    },
  };
  return {
    ...one,
    ...(inPart && {
      x: { shape: inPart.shape, dtype: trained.x.dtype },
      normalisation: inPart.normalisation,
    }),
    ...(own ?? (trained.named.inputs.length === 1 && columns ? { columns } : {})),
    ...(outPart && { y: { shape: outPart.shape, dtype: trained.y.dtype }, label: outPart.label }),
  };
}

function inputPart(name: string, { x, normalisation, columns }: DataSet): InputPart {
  const scalings = columns?.features.map(({ mean, std }) => ({ mean, std }));
  return { name, shape: x.shape, normalisation, ...(scalings && { scalings }) };
}

/** Of values of different types, the one that holds them all. */
function flatSpec(parts: readonly { shape: number[] }[], specs: readonly TensorSpec[]): TensorSpec {
  const length = partPlaces(parts).reduce((sum, { size }) => sum + size, 0);
  const [{ dtype }] = specs as [TensorSpec];
  return { shape: [length], dtype: specs.every((spec) => spec.dtype === dtype) ? dtype : 'float32' };
}

/** Arrays of parts as one: record by record, part by part. */
export function sideBySide(
  { dtype }: TensorSpec,
  parts: readonly { shape: number[] }[],
  arrays: readonly RecordArray[],
  count: number,
): RecordArray {
  if (arrays.length === 1) return arrays[0]!;
  const places = partPlaces(parts);
  const each = places.reduce((sum, { size }) => sum + size, 0);
  const all = newRecordArray(dtype, count * each);
  for (const [at, { from, size }] of places.entries())
    for (let record = 0; record < count; record++)
      all.set(arrays[at]!.subarray(record * size, (record + 1) * size), record * each + from);
  return all;
}

/** Records of classes that the model does not know are left out: of one part alone, the others would not fit. */
function refuseDropped(name: string, first: DataSet, { train, test, unknownClasses }: DataSet): void {
  const isDropped = [...(unknownClasses?.train ?? []), ...(unknownClasses?.test ?? [])];
  if (isDropped.length === 0 && train.count === first.train.count && test.count === first.test.count) return;
  throw new UserError(
    `${name}: there are classes that the model does not know (${isDropped.map(({ name }) => name).join(', ')}): leave their records out, since the model has several outputs`,
    2,
  );
}

/** @returns the names of a trained model's parts */
export const namesTrained = (trained: RecordFormat | undefined): EndNames | undefined =>
  trained?.named && {
    inputs: trained.named.inputs.map(({ name }) => name),
    outputs: trained.named.outputs.map(({ name }) => name),
  };
