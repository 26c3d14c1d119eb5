/** What layers cannot say of a model's ends: classes, columns, units, and who scales values. */
import type { NamedParts, RecordFormat, Scaling, Tokens } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { type ColumnsTold, columnsTold } from './columns-told.js';

/** One of several inputs of a model. */
export interface InputTold {
  name: string;
  shape: number[];
  dtype: string;
  scaling?: Scaling[];
}

/** One of several outputs of a model; in the order of the run's data. */
export interface OutputTold {
  name: string;
  loss: string;
  /** What its loss counted in the sum that was trained. */
  weight: number;
  task: 'classification' | 'multilabel' | 'regression';
  /** Of one record's target. */
  shape: number[];
  /** How many classes, and their names where they have some. */
  count?: number;
  classes?: string[];
  target?: Scaling;
}

export interface ModelMetadata extends Partial<ColumnsTold> {
  /** A name, or `custom:NAME` of one's own. */
  loss: string;
  /** The graph of one's own loss, by its hash; `labels`: the loss that goes with labels and outputs alike. */
  customLoss?: { sha256: string; labels: string };
  /** `multilabel`: each output is the probability of a class by itself. */
  task: 'classification' | 'multilabel' | 'regression';
  /** Names of the classes in the order of the outputs, where they have names. */
  classes?: string[];
  /** One sample. `scaling` is what the values are standardized by, along the last axis. */
  input: { shape: number[]; dtype: string; scaling?: Scaling[] };
  /** The input is the numbers of a text's tokens: see docs/data.md. */
  tokens?: Tokens;
  /** Numbers to predict are learned as (v - mean) / std. */
  target?: Scaling;
  /** `model`: layers of the model scale values, and numbers back; `caller`: whoever uses it must do so. */
  scaledBy: 'model' | 'caller' | 'nobody';
  /** Where there are several of one of both; `input`, `loss`, `task`, `classes` and `target` then tell of the first. */
  inputs?: InputTold[];
  outputs?: OutputTold[];
}

const TASKS = { class: 'classification', multilabel: 'multilabel', value: 'regression' } as const;

export function metadataOf(
  { loss, tracedLoss, inputShape }: Pick<ModelDescription, 'loss' | 'tracedLoss' | 'inputShape'>,
  { x, label, columns, tokens }: RecordFormat,
  scaling: readonly Scaling[] | undefined,
  by: 'model' | 'caller',
): ModelMetadata {
  const target = label.kind === 'value' ? label.scaling : undefined;
  const isScaled = target && (target.mean !== 0 || target.std !== 1);
  return {
    loss: tracedLoss ? `custom:${tracedLoss.name}` : loss,
    ...(tracedLoss && { customLoss: { sha256: tracedLoss.sha256, labels: loss } }),
    task: TASKS[label.kind],
    ...(label.kind !== 'value' && label.names ? { classes: label.names } : {}),
    ...(columns ? columnsTold(columns) : {}),
    ...(tokens && { tokens }),
    input: { shape: inputShape, dtype: x.dtype, ...(scaling && { scaling: [...scaling] }) },
    ...(isScaled && { target }),
    scaledBy: scaling || isScaled ? by : 'nobody',
  };
}

/** @param scalings of each input, as `scaling` above */
export function partsTold(
  { loss, outputs }: Pick<ModelDescription, 'loss' | 'outputs'>,
  { x, named }: RecordFormat & { named: NamedParts },
  scalings: readonly (readonly Scaling[] | undefined)[],
): { inputs: InputTold[]; outputs: OutputTold[] } {
  return {
    inputs: named.inputs.map(({ name, shape }, at) => {
      const scaling = scalings[at];
      return { name, shape, dtype: x.dtype, ...(scaling && { scaling: [...scaling] }) };
    }),
    outputs: named.outputs.map(({ name, shape, label }, at) => {
      const trained = outputs?.[at] ?? { loss, weight: 1 };
      const isScaled = label.kind === 'value' && label.scaling && !isAsItIs(label.scaling);
      return {
        ...{ name, loss: trained.loss, weight: trained.weight, shape },
        task: TASKS[label.kind],
        ...(label.kind !== 'value' && { count: label.classes }),
        ...(label.kind !== 'value' && label.names && { classes: label.names }),
        ...(isScaled && { target: label.scaling }),
      };
    }),
  };
}

const isAsItIs = ({ mean, std }: Scaling): boolean => mean === 0 && std === 1;
