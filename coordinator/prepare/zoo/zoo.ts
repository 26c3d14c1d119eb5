/**
 * The models by name: `--model NAME[:ARGUMENT,...]`. Each is one file. TF.js is handed in: shared/ has its
 * types alone.
 */
import { didYouMean } from '../../../shared/options/closest.js';
import { classifier } from './classifier.js';
import { cnn } from './cnn.js';
import { gpt } from './gpt.js';
import { linear } from './linear.js';
import { lstm } from './lstm.js';
import { mlp } from './mlp.js';
import type { ModelDefaults, ZooModel } from './model.js';
import { resnet } from './resnet.js';

export const ZOO: readonly ZooModel[] = [mlp, cnn, resnet, linear, lstm, gpt, classifier];

/** The defaults of models from files and functions. */
const OTHER_DEFAULTS: ModelDefaults = {
  optimizer: 'adam',
  learningRate: 0.001,
  schedule: 'constant',
  batchSize: 128,
  epochs: 5,
};

/** The model that `spec` names, and its arguments; undefined if it names none of the zoo. */
export function findModel(spec: string): { model: ZooModel; args: string[] } | undefined {
  const [name = '', rest] = spec.split(/:(.*)/s);
  const model = ZOO.find((model) => model.name === name);
  return model && { model, args: rest ? rest.split(',') : [] };
}

const NAMES = ZOO.map(({ name }) => name);

/** What may be given in place of a name that the zoo has not. */
export const modelsInstead = (spec: string): string =>
  `give ${NAMES.join(', ')} or a FILE.json${didYouMean(spec.split(':')[0], NAMES)}`;

export const modelDefaults = (spec: string): ModelDefaults =>
  findModel(spec)?.model.defaults ?? OTHER_DEFAULTS;
