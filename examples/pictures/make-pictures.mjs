// Draws circles and crosses, the same at each call: node make-pictures.mjs FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const [folder = 'pictures'] = process.argv.slice(2);
const SHAPES = {
  circle: (x, y, r) => `<circle cx="${x}" cy="${y}" r="${r}" fill="none"/>`,
  cross: (x, y, r) =>
    `<path d="M${x - r} ${y - r} L${x + r} ${y + r} M${x + r} ${y - r} L${x - r} ${y + r}"/>`,
};
let state = 1;
const between = (low, high) => {
  state = (state * 16807) % 2147483647;
  return low + (state / 2147483647) * (high - low);
};

for (const [name, shape] of Object.entries(SHAPES)) {
  mkdirSync(join(folder, name), { recursive: true });
  for (let i = 0; i < 40; i++) {
    const drawn = shape(between(12, 20), between(12, 20), between(5, 9));
    const color = `hsl(${between(0, 360)} 80% 60%)`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><rect width="32" height="32"/><g stroke="${color}" stroke-width="3">${drawn}</g></svg>`;
    await sharp(Buffer.from(svg))
      .png()
      .toFile(join(folder, name, `${i}.png`));
  }
}
