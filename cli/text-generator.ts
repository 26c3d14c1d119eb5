/**
 * Samples text from a model of sequences, on TF.js's wasm backend, or `cpu` where wasm lacks an operation.
 *
 * Each character takes a pass over the whole window of the last T characters, as long as the model was
 * trained on: models need not know how to go on from a state. A shorter text is filled up behind its end,
 * which a model of text must not look at.
 */
import * as tf from '@tensorflow/tfjs';
import type { RecordFormat } from '../coordinator/record/checkpoint-format.js';
import { layoutOf } from '../shared/layout.js';
import type { ModelDescription } from '../shared/models/description.js';
import { registerLayers } from '../shared/models/layers/layers.js';
import type { Random } from '../shared/random.js';
import { UserError } from '../shared/user-error.js';

export interface GeneratorRequest {
  model: ModelDescription;
  /** What the model was trained on: its vocabulary stands in the label's names. */
  records: RecordFormat;
  /** The flat vector. */
  weights: Float32Array;
}

interface Sampling {
  /** Characters to add. */
  length: number;
  /** Divides the logarithms of the probabilities; 0 takes the likeliest character. */
  temperature: number;
  random: Random;
}

export interface TextGenerator {
  /**
   * The prompt, and then one character after the other. Without one: a new line, if the model knows it.
   * @throws UserError for a prompt with characters that the model does not know
   */
  text(prompt: string | undefined, sampling: Sampling): AsyncGenerator<string>;
  dispose(): void;
}

/** @throws UserError for a model that was not trained on text */
export async function openGenerator(request: GeneratorRequest): Promise<TextGenerator> {
  const { label, x } = request.records;
  const names = label.kind === 'class' ? label.names : undefined;
  const [window] = x.shape;
  if (!names || x.shape.length !== 1 || `${request.records.y.shape}` !== `${x.shape}`) {
    throw new UserError(
      `${request.model.name} was not trained on text: generate needs a run with --data text:FILE`,
      2,
    );
  }
  const model = await load(request);
  const numbers = new Map(names.map((name, number) => [name, number]));

  /** Probabilities of the character that follows `tokens`. */
  async function next(tokens: readonly number[]): Promise<Float32Array> {
    const seen = tokens.slice(-window!);
    const padded = Float32Array.from({ length: window! }, (_, at) => seen[at] ?? 0);
    const probabilities = tf.tidy(() => {
      const output = model.predict(tf.tensor2d(padded, [1, window!])) as tf.Tensor3D;
      return output.slice([0, seen.length - 1, 0], [1, 1, names!.length]).flatten();
    });
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    return values;
  }

  return {
    async *text(given, { length, temperature, random }) {
      const prompt = given ?? (numbers.has('\n') ? '\n' : names[0]!);
      const tokens = Array.from(prompt, (character) => {
        const number = numbers.get(character);
        if (number !== undefined) return number;
        throw new UserError(`--prompt has ${JSON.stringify(character)}, which is not in the model's text`, 2);
      });
      if (tokens.length === 0) throw new UserError('--prompt must have at least one character', 2);
      yield prompt;
      for (let i = 0; i < length; i++) {
        const token = sample(await next(tokens), temperature, random);
        tokens.push(token);
        yield names[token]!;
      }
    },
    dispose: () => model.dispose(),
  };
}

/** Draws an index in proportion to probability^(1 / temperature). */
export function sample(probabilities: Float32Array, temperature: number, random: Random): number {
  const largest = Math.max(...probabilities);
  if (temperature === 0) return probabilities.indexOf(largest);
  const shares = Array.from(probabilities, (p) => (p / largest) ** (1 / temperature));
  let rest = random.float() * shares.reduce((sum, share) => sum + share, 0);
  for (const [index, share] of shares.entries()) {
    rest -= share;
    if (rest < 0) return index;
  }
  // Rounding left a little: the last one that is possible.
  return shares.findLastIndex((share) => share > 0);
}

async function load({ model: description, weights }: GeneratorRequest): Promise<tf.LayersModel> {
  registerLayers(tf);
  await useBackend();
  const model = await tf.models.modelFromJSON(description.topology as never);
  for (const [i, { shape, offset, size }] of layoutOf(description.weights).slots.entries()) {
    const values = tf.tensor(weights.slice(offset, offset + size), shape);
    model.weights[i]!.write(values);
    values.dispose();
  }
  return model;
}

async function useBackend(): Promise<void> {
  // Else TF.js advertises its native backend to whoever runs it on Node.
  tf.enableProdMode();
  await import('@tensorflow/tfjs-backend-wasm');
  // Its threads would keep the process alive and gain nothing here.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) await tf.setBackend('cpu');
  await tf.ready();
}
