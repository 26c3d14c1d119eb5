/** What layers cannot say of a model's ends: classes, columns, units, and who scales values. */
import type { RecordFormat, Scaling, Tokens } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { type ColumnsTold, columnsTold } from './columns-told.js';

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
