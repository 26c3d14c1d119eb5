// Writes deliveries.csv: how far, how many parcels, and how many minutes it took, with delays that are seldom and long.
import { writeFileSync } from 'node:fs';

let state = 1;
const random = () => (state = (state * 16807) % 2147483647) / 2147483647;

const rows = Array.from({ length: 600 }, () => {
  const [km, parcels] = [1 + 19 * random(), Math.ceil(6 * random())];
  const delay = -Math.log(1 - random()) * 2 * km ** 0.5;
  return `${km.toFixed(1)},${parcels},${(4 + 2.5 * km + 1.5 * parcels + delay).toFixed(1)}\n`;
});
writeFileSync('deliveries.csv', `km,parcels,minutes\n${rows.join('')}`);
