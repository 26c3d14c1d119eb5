// Data of one's own program: white squares, crosses and bars on black, 28 x 28 pixels, at places drawn by a seed.
// They are the same at each call: a run that is resumed refuses other data than those of its start.
const SIZE = 28;
const SHAPES = {
  square: (u, v, r) => Math.max(Math.abs(u), Math.abs(v)) === r,
  cross: (u, v, r) => Math.abs(u) === Math.abs(v) && Math.abs(u) <= r,
  bar: (u, v, r) => Math.abs(v) <= 1 && Math.abs(u) <= r,
};

function* pictures(count, seed) {
  let state = seed;
  const between = (low, high) => {
    state = (state * 16807) % 2147483647;
    return low + (state % (high - low + 1));
  };
  const names = Object.keys(SHAPES);
  for (let i = 0; i < count; i++) {
    const y = names[i % names.length];
    const [left, top, radius] = [between(11, 16), between(11, 16), between(6, 9)];
    const isWhite = (at) => SHAPES[y]((at % SIZE) - left, Math.floor(at / SIZE) - top, radius);
    yield { x: Uint8Array.from({ length: SIZE * SIZE }, (_, at) => (isWhite(at) ? 255 : 0)), y };
  }
}

export default () => ({
  train: pictures(90, 1),
  test: pictures(30, 2),
  x: { shape: [SIZE, SIZE, 1] },
  label: { kind: 'class', names: Object.keys(SHAPES) },
});
