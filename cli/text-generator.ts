/** A run's model as a writer of text, on TF.js's wasm backend, or `cpu` where there is no wasm. */
import type { RecordFormat } from '../coordinator/record/checkpoint-format.js';
import type { ModelDescription } from '../shared/models/description.js';
import { registerLayers } from '../shared/models/layers/layers.js';
import { writeWeights } from '../shared/models/write-weights.js';
import { alphabetOf, defaultPrompt, generateText, type Sampling } from '../shared/text-generator.js';
import { UserError } from '../shared/user-error.js';
import { loadTensorFlow } from '../worker/node/tensorflow.js';

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
  registerLayers(tf);
  await useBackend();
  const model = await tf.models.modelFromJSON(description.topology as never);
  writeWeights(tf, model, description.weights, weights);
  return {
    text: (prompt = defaultPrompt(alphabet), sampling) => generateText(tf, model, alphabet, prompt, sampling),
    dispose: () => model.dispose(),
  };
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
