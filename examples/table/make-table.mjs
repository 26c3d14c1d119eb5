// Writes flats.csv, of rents that follow from a rule and some noise, and new-flats.csv without rents.
import { writeFileSync } from 'node:fs';

const DISTRICTS = { harbor: 9, center: 14, hills: 11 };
let state = 1;
const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
const between = (low, high) => low + random() * (high - low);

function flat() {
  const size = Math.round(between(25, 120));
  const rooms = Math.max(1, Math.round(size / 25));
  const district = Object.keys(DISTRICTS)[Math.floor(between(0, 3))];
  const rent = Math.round(200 + DISTRICTS[district] * size + 30 * rooms + between(-20, 20));
  return { size: random() < 0.03 ? '' : size, rooms, district, rent };
}

const table = (columns, count) =>
  [columns, ...Array.from({ length: count }, flat).map((row) => columns.map((name) => row[name]))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

writeFileSync('flats.csv', table(['size', 'rooms', 'district', 'rent'], 300));
writeFileSync('new-flats.csv', table(['size', 'rooms', 'district'], 5));
