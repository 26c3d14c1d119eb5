/** Runs the model on what a visitor draws, beside the page's own thread. The only part of the dashboard that loads TF.js. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, models } from '@tensorflow/tfjs-layers';
import type { Normalisation } from '../../shared/manifest.js';

export type Question =
  | { type: 'build'; topology: object; weights: { shape: number[] }[] }
  | { type: 'weights'; values: ArrayBuffer }
  | { type: 'predict'; x: Float32Array; shape: number[]; normalisation: Normalisation };

export interface Answer {
  output?: Float32Array;
  error?: string;
}

let model: LayersModel | undefined;
let shapes: number[][] = [];

async function answer(question: Question): Promise<Answer> {
  switch (question.type) {
    case 'build':
      await tf.ready();
      model = await models.modelFromJSON(question.topology as never);
      shapes = question.weights.map(({ shape }) => shape);
      return {};
    case 'weights': {
      const flat = new Float32Array(question.values);
      let at = 0;
      tf.tidy(() => {
        for (const [i, shape] of shapes.entries()) {
          const size = shape.reduce((a, b) => a * b, 1);
          model!.weights[i]!.write(tf.tensor(flat.slice(at, at + size), shape));
          at += size;
        }
      });
      return {};
    }
    case 'predict': {
      const { x, shape, normalisation } = question;
      const { scale, mean, std } = normalisation;
      const output = tf.tidy(() => {
        const values = tf.mul(tf.tensor(x, [1, ...shape]), scale);
        const normalised = tf.div(tf.sub(values, tf.tensor1d(mean)), tf.tensor1d(std));
        return model!.predict(normalised) as tf.Tensor;
      });
      const values = (await output.data()) as Float32Array;
      output.dispose();
      return { output: values };
    }
  }
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
