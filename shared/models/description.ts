import type { WeightSpec } from '../numerics/layout.js';
import { type LossName, metricOf } from '../numerics/losses.js';
import type { ModelModule } from './layers/model-module.js';

/** A function of labels and outputs with one number for each sample, as a graph: never code. */
export interface TracedFunction {
  /** For people: the name of its file, or its own. */
  name: string;
  /** SHA-256 of the graph as JSON. */
  sha256: string;
  /** An `OpenGraph` of the engines: it holds for any number of samples. */
  graph: Record<string, unknown>;
}

/** What evaluations count beside loss and metric: what `--metrics` asks the engines for. */
export interface Scored {
  /** Whether the right class is among the k most likely ones, for each of these k. */
  top: number[];
  /** Places on ROC curves: shared/data/roc.ts. */
  curve: boolean;
  /** Whether all of several classes at once are predicted right; absent: not counted. */
  exact?: true;
  /** Of one's own, each under a name. */
  own: TracedFunction[];
}

/** One of several outputs, and how it is trained. */
export interface TrainedOutput {
  /** Of the output in the model, and of its part in records. */
  name: string;
  loss: LossName;
  /** What its loss counts in the sum over all outputs. */
  weight: number;
  /** As that of the model. */
  labelSmoothing?: number;
}

/** Under which an output's own figures stand, as Keras calls them. */
export const outputFigures = ({ name, loss }: Pick<TrainedOutput, 'name' | 'loss'>) => ({
  loss: `${name}_loss`,
  metric: `${name}_${metricOf(loss)}`,
});

/** The names under which sums of evaluations stand. */
export const scoreNames = ({
  scored,
  outputs = [],
}: Pick<ModelDescription, 'scored' | 'outputs'>): string[] => [
  ...(scored?.top ?? []).map((k) => `top${k}`),
  ...(scored?.exact ? ['exactMatch'] : []),
  ...(scored?.own ?? []).map(({ name }) => name),
  ...outputs.flatMap((output) => Object.values(outputFigures(output))),
];

/**
 * A model as the coordinator serves it: topology and names, never code. Content-addressed JSON,
 * fetched once by every worker at `/objects/<sha256>`.
 */
export interface ModelDescription {
  /** 2 where it has what workers of the first version would leave out. */
  format: 1 | 2;
  name: string;
  /** TF.js layers JSON, as `model.toJSON(null, false)` returns it. Every initializer has its seed. */
  topology: Record<string, unknown>;
  /** Whose program its layer runs; absent: its layers are all that there is. */
  module?: ModelModule;
  /** Trainable ones first, frozen ones last. */
  weights: WeightSpec[];
  /** SHA-256 of the object that holds the values of the frozen ones, as little-endian float32; absent: there are none. */
  frozenSha256?: string;
  /** In the order of the records; absent where there is one, which `loss` and `labelSmoothing` tell of. */
  outputs?: TrainedOutput[];
  /** Of several outputs, that of the first, whose metric is the run's. With a traced loss: the one that goes with labels and outputs alike, by which accuracy and confidence are told. */
  loss: LossName;
  /** What is trained in place of `loss`; absent: `loss` itself. */
  tracedLoss?: TracedFunction;
  /** Absent: nothing. */
  scored?: Scored;
  /** Of a cross-entropy: the share of a label that is spread evenly over all classes; absent: 0. */
  labelSmoothing?: number;
  /** What a training sample of each class counts; absent: 1. */
  classWeights?: number[];
  inputShape: number[];
  outputShape: number[];
  /** One row a layer, for display. */
  layers: { name: string; type: string; outputShape: string; parameters: number }[];
}

/** The loss that is trained, by its name; undefined: one's own. */
export const namedLoss = ({
  loss,
  tracedLoss,
}: Pick<ModelDescription, 'loss' | 'tracedLoss'>): LossName | undefined => (tracedLoss ? undefined : loss);
