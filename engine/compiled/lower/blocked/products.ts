/** What `passes/unrolled-products.ts` makes of a recurrence: rows as the pixels of blocked images. */
import { inputOf } from '../../graph/graph.js';
import { enterBlocks, NCHWC } from '../blocks.js';
import { flagOf, outputOf, type Rule, type Rules } from '../rule.js';
import { blockWeights } from './convolutions.js';

/** Each pixel times a matrix, plus a vector or an image: a convolution with a window of 1x1. */
const blockedProduct: Rule = (low, node) => {
  const { onnx } = low;
  const [a, b] = [inputOf(node, 'a'), inputOf(node, 'b')];
  const { bias, addend } = node.inputs;
  const [channels, filters] = [a.shape[3]!, outputOf(node).shape[3]!];
  const stored = low.plain(b);
  const matrix = flagOf(node, 'transposeB') ? onnx.transpose(stored, b.shape, [1, 0]) : stored;
  const taps = onnx.reshape(matrix, [channels, filters], [1, channels, filters]);
  const inputs = [low.blocked(a), blockWeights(low, taps, [filters, channels, 1, 1])];
  // An input that is left out has an empty name.
  if (bias || addend) inputs.push(bias ? low.vector(bias) : '');
  if (addend) inputs.push(low.blocked(addend));
  const window = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  low.setBlocked(outputOf(node), onnx.emit('Conv', inputs, window, NCHWC));
};

/** [steps * rows, units] to [steps, 1, rows, units], in blocks from here on. */
const enter: Rule = (low, node) => {
  const [x, output] = [inputOf(node, 'x'), outputOf(node)];
  const plain = () => low.onnx.reshape(low.plain(x), x.shape, output.shape);
  low.setBlocked(output, enterBlocks(low, output, plain, undefined));
};

export const PRODUCTS: Rules = { BlockedProduct: blockedProduct, EnterBlocks: enter };
