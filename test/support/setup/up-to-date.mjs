// Once before tests that start threads or programs: these run dist/, the tests run the sources, and both must be the same.
import { parts } from '../../../scripts/parts.mjs';
import { isUpToDate } from '../../../scripts/sources.mjs';

export default function setup() {
  const old = parts.filter((part) => !isUpToDate(part)).map(({ name }) => name);
  if (old.length === 0) return;
  const what = `dist/ is not made of the sources as they stand now (${old.join(', ')})`;
  throw new Error(`${what}: run \`npm run build\` first, or \`npm test\`, which does`);
}
