// `npm run fuzz [-- --frames N --seed S]`: the fuzz tests with many more messages than fit into a check. Figures are printed at the end.
import { parseArgs } from 'node:util';
import { vitest } from '../test/support/setup/vitest.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000000' },
    seed: { type: 'string' },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d+$/.test(value)) continue;
  console.error(`--${name} must be a whole number, not "${value}"`);
  process.exit(2);
}
vitest(['test/simulation/fuzz', 'test/cluster/fuzz.test.ts', 'websocket/frame-reader.test.ts'], {
  FUZZ_FRAMES: values.frames,
  ...(values.seed === undefined ? {} : { FUZZ_SEED: values.seed }),
});
