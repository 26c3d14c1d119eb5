/**
 * Numbers of tokens [n, t] to vectors [n, t, width], as the product of a one-hot matrix and the table: for
 * vocabularies of characters that is cheap, and its gradient is a matrix product too.
 */
import type { LayerVariable } from '@tensorflow/tfjs';
import {
  type InitializerConfig,
  type Inputs,
  initializerOf,
  type LayerArgs,
  type LayerClass,
  only,
  onlyShape,
  type Shapes,
  type Tf,
} from './layer.js';

export interface TokenEmbeddingArgs extends LayerArgs {
  vocabulary: number;
  width: number;
  embeddingsInitializer: InitializerConfig;
}

export function tokenEmbedding(tf: Tf): LayerClass<TokenEmbeddingArgs> {
  return class TokenEmbedding extends tf.layers.Layer {
    static className = 'TokenEmbedding';
    private embeddings!: LayerVariable;

    constructor(private readonly args: TokenEmbeddingArgs) {
      super(args);
    }

    override build(): void {
      const { vocabulary, width, embeddingsInitializer } = this.args;
      const initializer = initializerOf(tf, embeddingsInitializer);
      this.embeddings = this.addWeight('embeddings', [vocabulary, width], 'float32', initializer);
      this.built = true;
    }

    override computeOutputShape(inputShape: Shapes) {
      return [...onlyShape(inputShape), this.args.width];
    }

    override call(inputs: Inputs) {
      return tf.tidy(() => {
        const tokens = only(inputs);
        const { vocabulary, width } = this.args;
        const oneHot = tf.oneHot(tokens.toInt().reshape([tokens.size]), vocabulary).toFloat();
        return tf.matMul(oneHot, this.embeddings.read()).reshape([...tokens.shape, width]);
      });
    }

    override getConfig() {
      const { vocabulary, width, embeddingsInitializer } = this.args;
      return { ...super.getConfig(), vocabulary, width, embeddingsInitializer };
    }
  };
}
