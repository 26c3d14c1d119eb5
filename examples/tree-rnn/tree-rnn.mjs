// A recursive network: the graph of its forward pass is the tree that the record holds, another one for each record.
// A record is a table with a row for each node: what the node is, and the rows of its children. Row 0 is the root; rows
// of zeros at the end are no nodes, and nothing points to them.
const WIDTH = 4;
const [TRUE, FALSE, AND, OR] = [1, 2, 3, 4];

export const parameters = ({ outputs }) => ({
  leaves: { shape: [2, WIDTH], initializer: { name: 'randomNormal', stddev: 0.5 } },
  and_kernel: { shape: [2 * WIDTH, WIDTH] },
  and_bias: { shape: [WIDTH] },
  or_kernel: { shape: [2 * WIDTH, WIDTH] },
  or_bias: { shape: [WIDTH] },
  class_kernel: { shape: [WIDTH, outputs] },
  class_bias: { shape: [outputs] },
});

export function forward({ tf, weights, record }) {
  const dense = (x, name) => tf.add(tf.matMul(x, weights[`${name}_kernel`]), weights[`${name}_bias`]);
  // [1, WIDTH] of the tree below a node.
  const stateOf = (node) => {
    const [kind, left, right] = record.values.subarray(3 * node, 3 * node + 3);
    if (kind === TRUE || kind === FALSE) return tf.slice(weights.leaves, [kind - TRUE, 0], [1, WIDTH]);
    if (kind !== AND && kind !== OR) throw new Error(`node ${node} is of kind ${kind}, which is none`);
    const children = tf.concat([stateOf(left), stateOf(right)], 1);
    return tf.tanh(dense(children, kind === AND ? 'and' : 'or'));
  };
  return dense(stateOf(0), 'class');
}
