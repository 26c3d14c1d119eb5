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
  /** Numbers that are predicted for a record. */
  outputs: number;
}

export function predictionLines(label: LabelKind, style: PredictionStyle): PredictionLines {
  if (label.kind === 'value') return valueLines(style);
  return label.kind === 'class' ? classLines(label, style) : severalLines(label, style);
}

/** A class is there whose probability is above this. */
const THRESHOLD = 0.5;
/** Of float32. */
const DIGITS = 6;

/** The classes that are there, and the probability of each. */
function severalLines(
  { classes, names }: Extract<LabelKind, { kind: 'multilabel' }>,
  { json, hasFiles }: PredictionStyle,
): PredictionLines {
  const nameOf = (index: number) => names?.[index] ?? String(index);
  const there = (values: readonly number[]) =>
    values.flatMap((value, index) => (value > THRESHOLD ? [nameOf(index)] : []));
  if (json)
    return {
      head: undefined,
      line: (file, row, values) =>
        JSON.stringify({
          ...(hasFiles && { file }),
          ...{ row, classes: there(values) },
          probabilities: Object.fromEntries(values.map((value, i) => [nameOf(i), rounded(value, DIGITS)])),
        }),
    };
  const columns = Array.from({ length: classes }, (_, index) => field(nameOf(index)));
  return {
    head: [...(hasFiles ? ['file'] : []), 'row', 'classes', ...columns].join(),
    line: (file, row, values) =>
      [
        ...(hasFiles ? [field(file!)] : []),
        ...[row, field(there(values).join('|'))],
        ...values.map((value) => rounded(value, DIGITS)),
      ].join(),
  };
}

function classLines(
  { classes, names }: Extract<LabelKind, { kind: 'class' }>,
  { json, top, hasFiles }: PredictionStyle,
): PredictionLines {
  const told = Math.min(top, classes);
  const nameOf = (index: number) => names?.[index] ?? String(index);
  const likeliest = (values: readonly number[]) =>
    Array.from(values, (probability, index) => ({ class: nameOf(index), probability }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, told)
      .map((one) => ({ ...one, probability: rounded(one.probability, 6) }));
  if (json)
    return {
      head: undefined,
      line: (file, row, values) => {
        const [best, ...others] = likeliest(values) as [ReturnType<typeof likeliest>[0]];
        return JSON.stringify({
          ...(hasFiles && { file }),
          ...{ row, ...best },
          ...(told > 1 && { top: [best, ...others] }),
        });
      },
    };
  const columns = Array.from({ length: told }, (_, i) => (i === 0 ? '' : `_${i + 1}`)).flatMap((end) => [
    `class${end}`,
    `probability${end}`,
  ]);
  return {
    head: [...(hasFiles ? ['file'] : []), 'row', ...columns].join(),
    line: (file, row, values) =>
      [
        ...(hasFiles ? [field(file!)] : []),
        row,
        ...likeliest(values).flatMap((one) => [field(one.class), one.probability]),
      ].join(),
  };
}

function valueLines({ json, hasFiles, outputs }: PredictionStyle): PredictionLines {
  // float32 has seven digits.
  const numbers = (values: readonly number[]) => values.map((value) => rounded(value, 7));
  if (json)
    return {
      head: undefined,
      line: (file, row, values) => {
        const all = numbers(values);
        return JSON.stringify({ ...(hasFiles && { file }), row, prediction: outputs === 1 ? all[0] : all });
      },
    };
  const columns =
    outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, i) => `prediction_${i + 1}`);
  return {
    head: [...(hasFiles ? ['file'] : []), 'row', ...columns].join(),
    line: (file, row, values) => [...(hasFiles ? [field(file!)] : []), row, ...numbers(values)].join(),
  };
}

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** A field of CSV (RFC 4180). */
const field = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
