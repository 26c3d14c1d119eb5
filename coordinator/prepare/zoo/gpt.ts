import type { SymbolicTensor } from '@tensorflow/tfjs';
import { normal } from '../../../shared/models/layers/layer.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { UserError } from '../../../shared/user-error.js';
import { sequenceOnly, unitsOf, type ZooModel } from './model.js';

const DEFAULT_SIZES = [2, 128, 4] as const;
const STDDEV = 0.02;

/**
 * `gpt[:LAYERS,WIDTH,HEADS]`: a decoder-only transformer of GPT-2's form (Radford et al. 2019) and its initial
 * weights; 2 layers of width 128 with 4 heads by default. Its context is the length of the data's windows.
 */
export const gpt: ZooModel = {
  name: 'gpt',
  usage: 'gpt[:LAYERS,WIDTH,HEADS]',
  defaults: {
    optimizer: 'adam',
    learningRate: 0.002,
    schedule: 'cosine',
    batchSize: 64,
    epochs: 10,
  },
  build(tf, shapes, args) {
    const { inputShape, outputs, outputActivation } = sequenceOnly('gpt', shapes);
    const [layers, width, heads] = sizesOf(args);
    const { TokenEmbedding, LearnedPositions, LayerNorm, Gelu, CausalSelfAttention } = registerLayers(tf);
    // Each layer adds twice to the residual stream: smaller steps keep its size.
    const residual = STDDEV / Math.sqrt(2 * layers);
    const dense = (x: SymbolicTensor, units: number, stddev: number, name: string) =>
      tf.layers
        .dense({ units, kernelInitializer: tf.initializers.randomNormal({ stddev }), name })
        .apply(x) as SymbolicTensor;
    const add = (a: SymbolicTensor, b: SymbolicTensor, name: string) =>
      tf.layers.add({ name }).apply([a, b]) as SymbolicTensor;
    const norm = (x: SymbolicTensor, name: string) => new LayerNorm({ name }).apply(x) as SymbolicTensor;

    const input = tf.input({ shape: inputShape, name: 'tokens' });
    const embedding = new TokenEmbedding({
      vocabulary: outputs,
      width,
      embeddingsInitializer: normal(STDDEV),
      name: 'embedding',
    });
    const positions = new LearnedPositions({ positionsInitializer: normal(STDDEV), name: 'positions' });
    let x = positions.apply(embedding.apply(input)) as SymbolicTensor;
    for (let i = 1; i <= layers; i++) {
      const attention = new CausalSelfAttention({
        heads,
        qkvInitializer: normal(STDDEV),
        outputInitializer: normal(residual),
        name: `block_${i}_attention`,
      });
      const attended = attention.apply(norm(x, `block_${i}_norm_1`)) as SymbolicTensor;
      x = add(x, attended, `block_${i}_add_1`);
      const inner = dense(norm(x, `block_${i}_norm_2`), 4 * width, STDDEV, `block_${i}_dense_1`);
      const active = new Gelu({ name: `block_${i}_gelu` }).apply(inner) as SymbolicTensor;
      x = add(x, dense(active, width, residual, `block_${i}_dense_2`), `block_${i}_add_2`);
    }
    const head = tf.layers.dense({
      units: outputs,
      activation: outputActivation,
      kernelInitializer: tf.initializers.randomNormal({ stddev: STDDEV }),
      name: 'output',
    });
    const output = head.apply(norm(x, 'norm')) as SymbolicTensor;
    return tf.model({ inputs: input, outputs: output, name: 'gpt' });
  },
};

/** @throws UserError */
function sizesOf(args: string[]): [layers: number, width: number, heads: number] {
  const given = unitsOf('gpt', args);
  const [layers = DEFAULT_SIZES[0], width = DEFAULT_SIZES[1], heads = DEFAULT_SIZES[2]] = given;
  const spec = `--model gpt:${args.join(',')}`;
  if (given.length > 3) throw new UserError(`${spec}: give at most LAYERS,WIDTH,HEADS`, 2);
  if (width % heads !== 0)
    throw new UserError(`${spec}: the width ${width} must be a multiple of the ${heads} heads`, 2);
  return [layers, width, heads];
}
