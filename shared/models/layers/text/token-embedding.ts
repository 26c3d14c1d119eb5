import { defineLayer, required } from '../define-layer.js';
import type { InitializerConfig } from '../layer.js';

/**
 * Numbers of tokens [n, t] to vectors [n, t, width], as the product of a one-hot matrix and the table: for
 * vocabularies of characters that is cheap, and its gradient is a matrix product too.
 */
export const tokenEmbedding = defineLayer({
  options: {
    vocabulary: required<number>(),
    width: required<number>(),
    embeddingsInitializer: required<InitializerConfig>(),
  },
  weights: ({ vocabulary, width, embeddingsInitializer }) => ({
    embeddings: { shape: [vocabulary, width], initial: embeddingsInitializer },
  }),
  outputShape: ({ width }, shape) => [...shape, width],
  call(tf, tokens, { options: { vocabulary, width }, weights: { embeddings } }) {
    const oneHot = tf.oneHot(tokens.toInt().reshape([tokens.size]), vocabulary).toFloat();
    return tf.matMul(oneHot, embeddings).reshape([...tokens.shape, width]);
  },
});
