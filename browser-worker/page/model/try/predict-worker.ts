/**
 * Runs the model on what a visitor draws or writes, beside the page's own thread. The only part of the
 * dashboard that loads TF.js: on plain JavaScript for a picture, on WebAssembly for text, which takes a pass
 * for each character.
 */
import type { LayersModel, Tensor } from '@tensorflow/tfjs';
import type { LabelKind, Normalization } from '../../../../shared/data/manifest.js';
import { probabilitiesOf } from '../../../../shared/models/last-activation.js';
import { loadBlank } from '../../../../shared/models/load.js';
import { type Alphabet, generateText } from '../../../../shared/models/text-generator.js';
import { writeWeights } from '../../../../shared/models/write-weights.js';
import type { WeightSpec } from '../../../../shared/numerics/layout.js';
import { Random } from '../../../../shared/numerics/random.js';
import { tf } from '../../../compute/tensorflow.js';
import { startWasmBackend } from '../../../compute/wasm/backend.js';

export type Question =
  | { type: 'build'; backend: 'cpu' | 'wasm'; topology: object; weights: WeightSpec[] }
  | { type: 'weights'; values: ArrayBuffer }
  | {
      type: 'predict';
      x: Float32Array;
      shape: number[];
      normalisation: Normalization;
      kind: LabelKind['kind'];
    }
  /** Begins a text; what was being written before is given up. */
  | { type: 'write'; alphabet: Alphabet; prompt: string; length: number; temperature: number; seed: number }
  /** Asks for one more character; not asking again stops the text. */
  | { type: 'more' };

export interface Answer {
  output?: Float32Array;
  /** `write`: the prompt. `more`: the next character, or nothing once the text has its full length. */
  text?: string;
  error?: string;
}

let model: LayersModel | undefined;
let specs: WeightSpec[] = [];
let writing: AsyncGenerator<string> | undefined;

async function answer(question: Question): Promise<Answer> {
  switch (question.type) {
    case 'build':
      await start(question.backend);
      model = await loadBlank(tf, question.topology);
      specs = question.weights;
      return {};
    case 'weights':
      writeWeights(tf, model!, specs, new Float32Array(question.values));
      return {};
    case 'predict': {
      const { x, shape, normalisation, kind } = question;
      const { scale, mean, std } = normalisation;
      const output = tf.tidy(() => {
        const values = tf.mul(tf.tensor(x, [1, ...shape]), scale);
        const normalized = tf.div(tf.sub(values, tf.tensor1d(mean)), tf.tensor1d(std));
        const predicted = model!.predict(normalized) as Tensor;
        return kind === 'value' ? predicted : probabilitiesOf(tf, model!, predicted, kind === 'multilabel');
      });
      const values = (await output.data()) as Float32Array;
      output.dispose();
      return { output: values };
    }
    case 'write': {
      const { alphabet, prompt, length, temperature, seed } = question;
      writing = generateText(tf, model!, alphabet, prompt, { length, temperature, random: new Random(seed) });
      return next(writing);
    }
    case 'more':
      return writing ? next(writing) : {};
  }
}

async function next(text: AsyncGenerator<string>): Promise<Answer> {
  const { value, done } = await text.next();
  return done ? {} : { text: value };
}

async function start(backend: 'cpu' | 'wasm'): Promise<void> {
  tf.enableProdMode();
  if (backend === 'wasm' && (await startWasmBackend(tf).catch(() => false))) return;
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  await tf.ready();
}

// One at a time, in order: the answer to each question is the next message.
let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<Question>) => {
  last = last
    .then(() => answer(data))
    .then(
      (result) => self.postMessage(result),
      (error: Error) => self.postMessage({ error: error.message } satisfies Answer),
    );
};
