/**
 * Runs the model on what a visitor draws or writes, beside the page's own thread. The only part of the
 * dashboard that loads TF.js: on plain JavaScript for a picture, on WebAssembly for text, which takes a pass
 * for each character.
 */
import type { LayersModel, Tensor } from '@tensorflow/tfjs';
import type { WeightSpec } from '../../shared/layout.js';
import type { Normalisation } from '../../shared/manifest.js';
import { registerLayers } from '../../shared/models/layers/layers.js';
import { writeWeights } from '../../shared/models/write-weights.js';
import { Random } from '../../shared/random.js';
import { type Alphabet, generateText } from '../../shared/text-generator.js';
import { tf } from '../tensorflow.js';
import { startWasmBackend } from '../wasm-backend.js';

export type Question =
  | { type: 'build'; backend: 'cpu' | 'wasm'; topology: object; weights: WeightSpec[] }
  | { type: 'weights'; values: ArrayBuffer }
  | { type: 'predict'; x: Float32Array; shape: number[]; normalisation: Normalisation }
  /** Begins a text; what was being written before is given up. */
  | { type: 'write'; alphabet: Alphabet; prompt: string; length: number; temperature: number; seed: number }
  /** One more character of it: whoever stops asking has stopped it. */
  | { type: 'more' };

export interface Answer {
  output?: Float32Array;
  /** Of `write` the prompt; of `more` a character, or nothing when the text is as long as it was to be. */
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
      registerLayers(tf);
      model = await tf.models.modelFromJSON(question.topology as never);
      specs = question.weights;
      return {};
    case 'weights':
      writeWeights(tf, model!, specs, new Float32Array(question.values));
      return {};
    case 'predict': {
      const { x, shape, normalisation } = question;
      const { scale, mean, std } = normalisation;
      const output = tf.tidy(() => {
        const values = tf.mul(tf.tensor(x, [1, ...shape]), scale);
        const normalised = tf.div(tf.sub(values, tf.tensor1d(mean)), tf.tensor1d(std));
        return model!.predict(normalised) as Tensor;
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
