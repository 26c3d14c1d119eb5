// Boolean expressions such as ((T and F) or T), drawn by a seed, as tables of nodes; the class is the expression's value.
const ROWS = 15;
const [TRUE, FALSE, AND, OR] = [1, 2, 3, 4];

function* expressions(count, seed) {
  let state = seed;
  const draw = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  for (let i = 0; i < count; i++) {
    const x = new Uint8Array(3 * ROWS);
    let rows = 0;
    // @returns the row of the node, and the value of the tree below it
    const grow = (depth) => {
      const row = rows++;
      if (depth === 3 || draw() < 0.2 * depth) {
        const value = draw() < 0.5;
        x[3 * row] = value ? TRUE : FALSE;
        return [row, value];
      }
      const kind = draw() < 0.5 ? AND : OR;
      const [left, a] = grow(depth + 1);
      const [right, b] = grow(depth + 1);
      x.set([kind, left, right], 3 * row);
      return [row, kind === AND ? a && b : a || b];
    };
    const [, value] = grow(0);
    yield { x, y: value ? 'true' : 'false' };
  }
}

export default () => ({
  train: expressions(160, 1),
  test: expressions(60, 2),
  x: { shape: [ROWS, 3] },
  label: { kind: 'class', names: ['false', 'true'] },
});
