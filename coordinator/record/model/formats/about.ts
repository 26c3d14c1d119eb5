/** What an export tells of its model: for people, and for programs that use it without the run. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { metricOf } from '../../../../shared/numerics/losses.js';
import { VERSION } from '../../../../shared/version.js';
import type { CheckpointState } from '../../checkpoint/format.js';
import { type Scores, scores } from '../../folder/summary.js';

export interface About {
  generatedBy: string;
  model: string;
  parameters: number;
  training: {
    steps: number;
    samples: number;
    optimizer: unknown;
    learningRate: unknown;
    batchSize: unknown;
    seed: unknown;
    /** Whether the weights are the moving average of those that were trained. */
    averaged: boolean;
  };
  /** Means of the latest evaluation, which the run made after `evaluatedAtStep`. */
  metrics: {
    test?: Scores & { samples: number };
    validation?: Scores & { samples: number };
    evaluatedAtStep?: number;
  };
  data: { name: string; trainSha256?: string; testSha256?: string };
  /** Of the little-endian float32 bytes of the trained weights, in model order. */
  weightsSha256: string;
  license?: string;
}

/** @param weights the flat vector that is exported */
export function aboutOf(
  state: CheckpointState,
  weights: Float32Array,
  { averaged, license }: { averaged: boolean; license?: string | undefined },
): About {
  const { model, progress, configuration, origins } = state;
  const { test, validation, evaluatedAt } = progress;
  const metric = metricOf(model.loss);
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  return {
    generatedBy: `swarmgrad ${VERSION}`,
    model: fileless(model.name),
    parameters: weights.length,
    training: {
      steps: progress.step,
      samples: progress.samplesTrained,
      optimizer: configuration.optimizer,
      learningRate: configuration.lr,
      batchSize: configuration.batchSize,
      seed: configuration.seed,
      averaged,
    },
    metrics: {
      ...(test && { test: { ...scores(metric, test), samples: test.samples } }),
      ...(validation && { validation: { ...scores(metric, validation), samples: validation.samples } }),
      ...((test || validation) && { evaluatedAtStep: evaluatedAt }),
    },
    data: {
      name: fileless(configuration.data ?? ''),
      ...(origins && { trainSha256: origins.train, testSha256: origins.test }),
    },
    weightsSha256: createHash('sha256').update(bytes).digest('hex'),
    ...(license === undefined ? {} : { license }),
  };
}

/** `csv:/home/me/iris.csv?label=kind` -> `csv:iris.csv`: whom an export is given to need not know folders. */
function fileless(spec: string): string {
  const [, scheme = '', path = ''] = /^(?:([a-z][a-z0-9]*):)?([^?]*)/.exec(spec)!;
  return scheme ? `${scheme}:${basename(path)}` : basename(path);
}

/** As the text values that headers of other formats have. */
export const asTexts = (values: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
