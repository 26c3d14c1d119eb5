/**
 * Resizing of images. Rows and columns are interpolated apart, each by a matrix that tells how much of which
 * input a result takes; the gradient uses the same matrices, turned round. Nearest neighbors by whole
 * factors, as UpSampling2D has them, are repetitions and sums instead.
 */
import { type GraphNode, inputOf, type Value } from '../../graph/graph.js';
import type { Name } from '../../onnx/builder.js';
import { channelsFirstShape } from '../forms.js';
import type { Lowering } from '../lowering.js';
import { flagOf, outputOf, type Rule, type Rules } from '../rule.js';

type Method = 'nearest' | 'bilinear';

const resize =
  (method: Method): Rule =>
  (low, node) => {
    const [x, output] = [inputOf(node, 'images'), outputOf(node)];
    const factors = method === 'nearest' ? wholeFactors(node, x, output) : undefined;
    const input = low.channelsFirst(x);
    const name = factors
      ? repeat(low, input, x, factors)
      : interpolate(low, node, method, input, x, output, false);
    low.setChannelsFirst(output, name);
  };

const gradient =
  (method: Method): Rule =>
  (low, node) => {
    const [dy, output] = [inputOf(node, 'dy'), outputOf(node)];
    const factors = method === 'nearest' ? wholeFactors(node, output, dy) : undefined;
    const input = low.channelsFirst(dy);
    const name = factors
      ? gather(low, input, output, factors)
      : interpolate(low, node, method, input, output, dy, true);
    low.setChannelsFirst(output, name);
  };

type Factors = readonly [down: number, right: number];

/** How often each pixel is repeated, where it is. */
function wholeFactors(node: GraphNode, small: Value, large: Value): Factors | undefined {
  const [down, right] = [large.shape[1]! / small.shape[1]!, large.shape[2]! / small.shape[2]!];
  const isWhole = Number.isInteger(down) && Number.isInteger(right);
  return isWhole && !flagOf(node, 'alignCorners') ? [down, right] : undefined;
}

function repeat({ onnx }: Lowering, name: Name, x: Value, [down, right]: Factors): Name {
  const [n, channels, height, width] = channelsFirstShape(x.shape) as [number, number, number, number];
  const apart = [n, channels, height, 1, width, 1];
  const repeated = [n, channels, height, down, width, right];
  const all = onnx.expand(onnx.reshape(name, channelsFirstShape(x.shape), apart), apart, repeated);
  return onnx.reshape(all, repeated, [n, channels, height * down, width * right]);
}

function gather({ onnx }: Lowering, name: Name, small: Value, [down, right]: Factors): Name {
  const [n, channels, height, width] = channelsFirstShape(small.shape) as [number, number, number, number];
  const parts = [n, channels, height, down, width, right];
  return onnx.sum(onnx.reshape(name, [n, channels, height * down, width * right], parts), [3, 5]);
}

/** Rows · image · columns^T, or turned round for the gradient; on [n, c, h, w]. */
function interpolate(
  { onnx }: Lowering,
  node: GraphNode,
  method: Method,
  name: Name,
  from: Value,
  to: Value,
  isGradient: boolean,
): Name {
  const matrix = (axis: 1 | 2, isTurned: boolean) => {
    const [length, results] = [from.shape[axis]!, to.shape[axis]!];
    const values = weights(node, method, length, results);
    const turned = Array.from(
      { length: length * results },
      (_, i) => values[(i % results) * length + Math.floor(i / results)]!,
    );
    return isTurned
      ? onnx.constant('float32', [length, results], turned)
      : onnx.constant('float32', [results, length], values);
  };
  const rows = onnx.emit('MatMul', [matrix(1, isGradient), name]);
  return onnx.emit('MatMul', [rows, matrix(2, !isGradient)]);
}

/** [results, length]: what each result takes of each input, by TF.js's arithmetic. */
function weights(node: GraphNode, method: Method, length: number, results: number): number[] {
  const [align, half] = [flagOf(node, 'alignCorners'), flagOf(node, 'halfPixelCenters')];
  const ratio = align && results > 1 ? (length - 1) / (results - 1) : length / results;
  const values = new Array<number>(results * length).fill(0);
  for (let result = 0; result < results; result++) {
    const at = half ? ratio * (result + 0.5) - (method === 'bilinear' ? 0.5 : 0) : ratio * result;
    if (method === 'nearest') {
      const place = Math.min(length - 1, align ? Math.round(at) : Math.floor(at));
      values[result * length + Math.max(0, place)] = 1;
      continue;
    }
    const low = Math.max(0, Math.floor(at));
    const high = Math.min(length - 1, Math.ceil(at));
    values[result * length + low]! += 1 - (at - low);
    values[result * length + high]! += at - low;
  }
  return values;
}

export const RESIZING: Rules = {
  ResizeNearestNeighbor: resize('nearest'),
  ResizeBilinear: resize('bilinear'),
  ResizeNearestNeighborGrad: gradient('nearest'),
  ResizeBilinearGrad: gradient('bilinear'),
};
