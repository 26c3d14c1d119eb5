/** The models of the zoo on small records. */
import { type Subject, subjectOf } from './subject.js';

const SHAPES: Record<string, number[]> = {
  mlp: [20],
  cnn: [16, 16, 3],
  resnet: [16, 16, 3],
  linear: [20],
  'lstm:16': [12],
  'gpt:1,32,2': [12],
};

export const models = Object.keys(SHAPES);

/** @param model one of `models` */
export const zoo = (model: string): Promise<Subject> =>
  subjectOf({ model, x: { shape: SHAPES[model]!, dtype: 'uint8' }, text: /^(lstm|gpt)/.test(model) });
