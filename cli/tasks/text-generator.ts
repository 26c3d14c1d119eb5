/** A run's model as a writer of text, on TF.js's wasm backend, or `cpu` where there is no wasm. */

import { loadTensorFlow } from '../../engine/node/tensorflow.js';
import type { RecordFormat } from '../../shared/data/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { loadBlank } from '../../shared/models/load.js';
import {
  alphabetOf,
  defaultPrompt,
  generateText,
  type Sampling,
} from '../../shared/models/text-generator.js';
import { writeWeights } from '../../shared/models/write-weights.js';
import { UserError } from '../../shared/user-error.js';
import { useBackend } from './inference-backend.js';

const tf = loadTensorFlow();

export interface GeneratorRequest {
  model: ModelDescription;
  /** What the model was trained on: its vocabulary stands in the label's names. */
  records: RecordFormat;
  /** The flat vector. */
  weights: Float32Array;
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
export async function openGenerator({
  model: description,
  records,
  weights,
}: GeneratorRequest): Promise<TextGenerator> {
  const alphabet = alphabetOf(records);
  if (!alphabet) {
    throw new UserError(
      `${description.name} was not trained on text: generate needs a run with --data text:FILE`,
      2,
    );
  }
  await useBackend(tf);
  const model = await loadBlank(tf, description.topology);
  writeWeights(tf, model, description.weights, weights);
  return {
    text: (prompt = defaultPrompt(alphabet), sampling) => generateText(tf, model, alphabet, prompt, sampling),
    dispose: () => model.dispose(),
  };
}
