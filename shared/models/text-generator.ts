/**
 * Samples text from a model of sequences, one character after the other, with the TF.js that is handed in:
 * the same on the command line and in a visitor's browser, so that a seed gives the same text in both.
 *
 * Each character takes a pass over the whole window of the last T characters, as long as the model was
 * trained on: models need not know how to go on from a state. A shorter text is filled up behind its end,
 * which a model of text must not look at.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Manifest } from '../data/manifest.js';
import type { Random } from '../numerics/random.js';
import { UserError } from '../user-error.js';
import { probabilitiesOf } from './last-activation.js';

/** What text is made of, for a model that was trained on text. */
export interface Alphabet {
  /** Characters by their numbers. */
  names: readonly string[];
  /** Characters that the model sees at once. */
  window: number;
}

export interface Sampling {
  /** Characters to add. */
  length: number;
  /** Divides the logarithms of the probabilities; 0 takes the likeliest character. */
  temperature: number;
  random: Random;
}

/** Undefined where the records are no text. */
export function alphabetOf({ x, y, label }: Pick<Manifest, 'x' | 'y' | 'label'>): Alphabet | undefined {
  const names = label.kind === 'class' ? label.names : undefined;
  const [window] = x.shape;
  // A name for each class, and a class for each position.
  return names && x.shape.length === 1 && `${y.shape}` === `${x.shape}`
    ? { names, window: window! }
    : undefined;
}

/** What a text begins with where no prompt is given: a new line, if the model knows it. */
export const defaultPrompt = ({ names }: Alphabet): string => (names.includes('\n') ? '\n' : names[0]!);

/**
 * The prompt, and then one character after the other.
 * @throws UserError for a prompt that is empty, or has characters that the model does not know
 */
export async function* generateText(
  tf: typeof TensorFlow,
  model: TensorFlow.LayersModel,
  alphabet: Alphabet,
  prompt: string,
  { length, temperature, random }: Sampling,
): AsyncGenerator<string> {
  const { names, window } = alphabet;
  const tokens = tokensOf(prompt, names);
  yield prompt;
  for (let i = 0; i < length; i++) {
    const seen = tokens.slice(-window);
    const padded = Float32Array.from({ length: window }, (_, at) => seen[at] ?? 0);
    const probabilities = tf.tidy(() => {
      const predicted = model.predict(tf.tensor2d(padded, [1, window])) as TensorFlow.Tensor3D;
      const output = probabilitiesOf(tf, model, predicted);
      return tf.slice(output as TensorFlow.Tensor3D, [0, seen.length - 1, 0], [1, 1, names.length]);
    });
    const token = sample((await probabilities.data()) as Float32Array, temperature, random);
    probabilities.dispose();
    tokens.push(token);
    yield names[token]!;
  }
}

function tokensOf(prompt: string, names: readonly string[]): number[] {
  const numbers = new Map(names.map((name, number) => [name, number]));
  const tokens = Array.from(prompt, (character) => {
    const number = numbers.get(character);
    if (number !== undefined) return number;
    throw new UserError(`the prompt has ${JSON.stringify(character)}, which is not in the model's text`, 2);
  });
  if (tokens.length === 0) throw new UserError('the prompt must have at least one character', 2);
  return tokens;
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
