/**
 * Max pooling after a ReLU: a gradient goes to the largest input of a window, and that one's ReLU was open
 * exactly if the window's result is above 0. So the ReLU's gradient may be taken at the pooled size, and
 * sums over the image too: a quarter of the work for windows of 2x2.
 */
import {
  type Graph,
  type GraphNode,
  inputOf,
  onlyReader,
  producer,
  sameShape,
  usesOf,
} from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';
import { isRectified } from './fuse/relu.js';

export function shrinkPoolGradients(graph: Graph): Graph {
  const uses = usesOf(graph);
  return rewrite(graph, (node, was, rewriter) => {
    if (node.kernel === 'ReluGradient') {
      const pool = producer(inputOf(node, 'dy'), 'MaxPoolGrad');
      if (!pool || !onlyReader(uses, inputOf(was, 'dy'))) return undefined;
      const [input, output] = [inputOf(pool, 'input'), inputOf(pool, 'output')];
      if (inputOf(node, 'z') !== input || !isRectified(input)) return undefined;
      const dy = rewriter.add('ReluGradient', { dy: inputOf(pool, 'dy'), z: output }, {}, output);
      return [rewriter.add('MaxPoolGrad', { dy, input, output }, pool.attributes, input)];
    }
    if (node.kernel === 'Sum' && sumsImages(node)) {
      const pool = producer(inputOf(node, 'x'), 'MaxPoolGrad');
      const [result] = node.outputs;
      if (!pool || !sameShape(result!.shape, [inputOf(pool, 'dy').shape[3]!])) return undefined;
      return [rewriter.add('Sum', { x: inputOf(pool, 'dy') }, node.attributes, result!)];
    }
    return undefined;
  });
}

const sumsImages = ({ attributes }: GraphNode): boolean => {
  const axes = attributes.axes as readonly number[];
  return axes.join() === '0,1,2' && attributes.keepDims === false;
};
