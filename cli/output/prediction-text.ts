/** Predictions as lines of CSV, or as lines of JSON. */
import type { LabelKind } from '../../shared/data/manifest.js';

export interface PredictionLines {
  /** The first line; undefined for JSON. */
  head: string | undefined;
  /** @param file where several inputs are predicted */
  line(file: string | undefined, row: number, values: readonly number[]): string;
}

export interface PredictionStyle {
  json: boolean;
  /** Likeliest classes that are told. */
  top: number;
  hasFiles: boolean;
}

/** One output of the model. */
export interface PredictedOutput {
  /** Of several. */
  name?: string;
  label: LabelKind;
  /** Numbers that are predicted for a record. */
  outputs: number;
}

/** How the numbers of one output are told. */
interface Told {
  /** How many of a record there are. */
  width: number;
  columns: string[];
  cells(values: readonly number[]): (string | number)[];
  fields(values: readonly number[]): object;
}

export function predictionLines(
  outputs: readonly PredictedOutput[],
  { json, top, hasFiles }: PredictionStyle,
): PredictionLines {
  const told = outputs.map((output) => {
    const { label } = output;
    if (label.kind === 'value') return { name: output.name, ...numbers(output) };
    return { name: output.name, ...(label.kind === 'class' ? classes(label, top) : atOnce(label)) };
  });
  /** The values of each output, which stand one after the other. */
  const parts = <T>(
    values: readonly number[],
    of: (one: (typeof told)[0], own: readonly number[]) => T,
  ): T[] => {
    let from = 0;
    return told.map((one) => {
      const own = values.slice(from, from + one.width);
      from += one.width;
      return of(one, own);
    });
  };
  if (json)
    return {
      head: undefined,
      line: (file, row, values) => {
        const fields = parts(values, (one, own) =>
          one.name === undefined ? one.fields(own) : { [one.name]: one.fields(own) },
        );
        return JSON.stringify(Object.assign({ ...(hasFiles && { file }), row }, ...fields));
      },
    };
  const columns = told.flatMap(({ name, columns }) =>
    columns.map((column) => field(name === undefined ? column : `${name}_${column}`)),
  );
  return {
    head: [...(hasFiles ? ['file'] : []), 'row', ...columns].join(),
    line: (file, row, values) =>
      [
        ...(hasFiles ? [field(file!)] : []),
        row,
        ...parts(values, (one, own) => one.cells(own)).flat(),
      ].join(),
  };
}

function classes({ classes, names }: Extract<LabelKind, { kind: 'class' }>, top: number): Told {
  const told = Math.min(top, classes);
  const nameOf = (index: number) => names?.[index] ?? String(index);
  const likeliest = (values: readonly number[]) =>
    Array.from(values, (probability, index) => ({ class: nameOf(index), probability }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, told)
      .map((one) => ({ ...one, probability: rounded(one.probability, 6) }));
  return {
    width: classes,
    columns: Array.from({ length: told }, (_, i) => (i === 0 ? '' : `_${i + 1}`)).flatMap((end) => [
      `class${end}`,
      `probability${end}`,
    ]),
    cells: (values) => likeliest(values).flatMap((one) => [field(one.class), one.probability]),
    fields: (values) => {
      const [best, ...others] = likeliest(values) as [ReturnType<typeof likeliest>[0]];
      return { ...best, ...(told > 1 && { top: [best, ...others] }) };
    },
  };
}

/** A class is there whose probability is above this. */
const THRESHOLD = 0.5;
/** Of float32. */
const DIGITS = 6;

/** The classes that are there, and the probability of each. */
function atOnce({ classes, names }: Extract<LabelKind, { kind: 'multilabel' }>): Told {
  const nameOf = (index: number) => names?.[index] ?? String(index);
  const there = (values: readonly number[]) =>
    values.flatMap((value, index) => (value > THRESHOLD ? [nameOf(index)] : []));
  return {
    width: classes,
    columns: ['classes', ...Array.from({ length: classes }, (_, index) => nameOf(index))],
    cells: (values) => [field(there(values).join('|')), ...values.map((value) => rounded(value, DIGITS))],
    fields: (values) => ({
      classes: there(values),
      probabilities: Object.fromEntries(values.map((value, i) => [nameOf(i), rounded(value, DIGITS)])),
    }),
  };
}

function numbers({ outputs }: PredictedOutput): Told {
  // float32 has seven digits.
  const told = (values: readonly number[]) => values.map((value) => rounded(value, 7));
  return {
    width: outputs,
    columns:
      outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, i) => `prediction_${i + 1}`),
    cells: told,
    fields: (values) => ({ prediction: outputs === 1 ? told(values)[0] : told(values) }),
  };
}

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** A field of CSV (RFC 4180). */
const field = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
