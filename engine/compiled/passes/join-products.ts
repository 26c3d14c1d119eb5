/**
 * A weight that is used at every position of a sequence has a gradient for each, all added up: A1^T B1 + A2^T B2
 * + ... is one product of the As and the Bs, one below the other.
 */
import {
  type Graph,
  type GraphNode,
  inputOf,
  onlyReader,
  producer,
  sameShape,
  type Uses,
  usesOf,
  type Value,
} from '../graph/graph.js';
import { type Rewriter, rewrite } from '../graph/rewrite.js';

/** Joining costs a copy of the factors: not worth it for less. */
const LEAST_PRODUCTS = 3;

export function joinProducts(graph: Graph): Graph {
  const uses = usesOf(graph);
  return rewrite(graph, (node, was, rewriter) => {
    const [sum] = was.outputs;
    if (node.kernel !== 'Add' || !sum || isTermOfSum(sum, uses)) return undefined;
    const { products, others } = termsOf(was, uses);
    if (products.length < LEAST_PRODUCTS) return undefined;
    const joined = join(products, sum, rewriter);
    return [others.reduce((a, b) => rewriter.add('Add', { a, b: rewriter.current(b) }, {}, sum), joined)];
  });
}

interface Terms {
  products: GraphNode[];
  others: Value[];
}

/** The terms of a sum, in the order in which they are added. */
function termsOf(sum: GraphNode, uses: Uses): Terms {
  const terms: Terms = { products: [], others: [] };
  const waiting = [inputOf(sum, 'b'), inputOf(sum, 'a')];
  for (let value = waiting.pop(); value; value = waiting.pop()) {
    const node =
      onlyReader(uses, value) && sameShape(value.shape, sum.outputs[0]!.shape) ? producer(value) : undefined;
    if (node?.kernel === 'Add') waiting.push(inputOf(node, 'b'), inputOf(node, 'a'));
    else if (node && isProduct(node)) terms.products.push(node);
    else terms.others.push(value);
  }
  return terms;
}

/** Whether `value` is a term of a larger sum of the same shape, which will take it in. */
function isTermOfSum(value: Value, uses: Uses): boolean {
  const reader = onlyReader(uses, value);
  return reader?.kernel === 'Add' && sameShape(reader.outputs[0]!.shape, value.shape);
}

const isProduct = ({ kernel, attributes, inputs }: GraphNode): boolean =>
  (kernel === 'BatchMatMul' || kernel === '_FusedMatMul') &&
  inputs.a!.shape.length === 2 &&
  inputs.b!.shape.length === 2 &&
  attributes.transposeA === true &&
  attributes.transposeB === false &&
  inputs.bias === undefined &&
  (attributes.activation ?? 'linear') === 'linear';

function join(products: readonly GraphNode[], sum: Value, rewriter: Rewriter): Value {
  const stack = (name: 'a' | 'b'): Value => {
    const parts = products.map((product) => rewriter.current(inputOf(product, name)));
    const rows = parts.reduce((total, { shape }) => total + shape[0]!, 0);
    const inputs = Object.fromEntries(parts.map((part, i) => [String(i), part]));
    const like = { shape: [rows, parts[0]!.shape[1]!], dtype: 'float32' as const };
    return rewriter.add('Concat', inputs, { axis: 0 }, like);
  };
  const attributes = { transposeA: true, transposeB: false, activation: 'linear' };
  return rewriter.add('BatchMatMul', { a: stack('a'), b: stack('b') }, attributes, sum);
}
