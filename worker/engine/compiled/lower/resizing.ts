/** Resizing of images: nearest neighbour by whole factors, as UpSampling2D has it. */
import { inputOf } from '../graph.js';
import { channelsFirstShape } from './forms.js';
import { outputOf, type Rule, type Rules } from './rule.js';

/** How often each pixel is repeated. @throws for factors that are not whole */
function factors(small: readonly number[], large: readonly number[]): [number, number] {
  const [down, right] = [large[1]! / small[1]!, large[2]! / small[2]!];
  if (!Number.isInteger(down) || !Number.isInteger(right))
    throw new Error('resizing by a factor that is not whole');
  return [down, right];
}

const enlarge: Rule = (low, node) => {
  const { onnx } = low;
  const x = inputOf(node, 'images');
  const output = outputOf(node);
  const [down, right] = factors(x.shape, output.shape);
  const [n, channels, height, width] = channelsFirstShape(x.shape) as [number, number, number, number];
  const apart = onnx.reshape(low.channelsFirst(x), channelsFirstShape(x.shape), [
    n,
    channels,
    height,
    1,
    width,
    1,
  ]);
  const repeated = [n, channels, height, down, width, right];
  const name = onnx.expand(apart, [n, channels, height, 1, width, 1], repeated);
  low.setChannelsFirst(output, onnx.reshape(name, repeated, channelsFirstShape(output.shape)));
};

const shrinkGradient: Rule = (low, node) => {
  const { onnx } = low;
  const dy = inputOf(node, 'dy');
  const output = outputOf(node);
  const [down, right] = factors(output.shape, dy.shape);
  const [n, channels, height, width] = channelsFirstShape(output.shape) as [number, number, number, number];
  const parts = [n, channels, height, down, width, right];
  const apart = onnx.reshape(low.channelsFirst(dy), channelsFirstShape(dy.shape), parts);
  low.setChannelsFirst(output, onnx.sum(apart, [3, 5]));
};

export const RESIZING: Rules = { ResizeNearestNeighbor: enlarge, ResizeNearestNeighborGrad: shrinkGradient };
