/**
 * The models by name: `--model NAME[:ARGUMENT,...]`. Each is one file. TF.js is handed in: shared/ has its
 * types alone.
 */
import { cnn } from './cnn.js';
import { gpt } from './gpt.js';
import { linear } from './linear.js';
import { lstm } from './lstm.js';
import { mlp } from './mlp.js';
import type { ModelDefaults, ZooModel } from './model.js';
import { resnet } from './resnet.js';

const ZOO: readonly ZooModel[] = [mlp, cnn, resnet, linear, lstm, gpt];

/** For models from files and functions. */
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

export const modelNames = (): string => ZOO.map(({ name }) => name).join(', ');

export const modelDefaults = (spec: string): ModelDefaults =>
  findModel(spec)?.model.defaults ?? OTHER_DEFAULTS;
