// Writes spirals.npz as numpy.savez does: points of two spirals (x, float32) and which one they lie on (y, uint8).
import { writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';

const POINTS = 600;

/** The file that numpy.save writes of an array. */
function npy(array, descr, shape) {
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = `${dictionary.padEnd(117)}\n`;
  const start = [0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0];
  return Uint8Array.from([...start, ...Buffer.from(header), ...new Uint8Array(array.buffer)]);
}

// 7 and 600 have no common divisor: all points, mixed.
const order = Array.from({ length: POINTS }, (_, i) => (7 * i) % POINTS);
const [x, y] = [new Float32Array(2 * POINTS), new Uint8Array(POINTS)];
for (const [place, i] of order.entries()) {
  const [spiral, t] = [i % 2, 0.5 + (2.5 * i) / POINTS];
  x.set([t * Math.cos(2 * t + Math.PI * spiral), t * Math.sin(2 * t + Math.PI * spiral)], 2 * place);
  y[place] = spiral;
}
writeFileSync(
  'spirals.npz',
  zipSync({ 'x.npy': npy(x, '<f4', [POINTS, 2]), 'y.npy': npy(y, '|u1', [POINTS]) }),
);
