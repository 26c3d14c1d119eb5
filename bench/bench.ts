/**
 * `npm run bench`: every question, or `npm run bench -- NAME ...`; `--json` prints one JSON object,
 * `--python PATH` names the Python of PyTorch for the benches beside it, `--models NAME,NAME` the models of `engine` and `gpu`.
 *
 * Each bench answers one question by a ratio against something real, measured in the same run.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchResult } from './support/question.js';

const BENCHES: Record<string, () => Promise<Bench>> = {
  attacks: async () => (await import('./trust/attacks.js')).attacks,
  bytes: async () => (await import('./step/bytes.js')).bytes,
  checkpoints: async () => (await import('./checkpoints.js')).checkpoints,
  faults: async () => (await import('./faults.js')).faults,
  mixes: async () => (await import('./trust/mixes.js')).mixes,
  engine: async () => (await import('./engines/engine.js')).engine,
  gpu: async () => (await import('./engines/gpu.js')).gpu,
  images: async () => (await import('./data/images.js')).images,
  footprint: async () => (await import('./engines/footprint.js')).footprint,
  lanes: async () => (await import('./engines/lanes.js')).lanes,
  overhead: async () => (await import('./overhead.js')).overhead,
  scale: async () => (await import('./scale/scale.js')).scale,
  'step-time': async () => (await import('./step/step-time.js')).stepTime,
  browser: async () => (await import('./browser.js')).browser,
  'time-to-accuracy': async () => (await import('./time-to-accuracy.js')).timeToAccuracy,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    python: { type: 'string' },
    models: { type: 'string' },
  },
});

const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`bench: unknown ${unknown.join(', ')}; known are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const log = (line: string) => console.error(line);
const results: BenchResult[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  const bench = await BENCHES[name]!();
  log(`${name}: ${bench.question}`);
  const options = { quick: values.quick, python: values.python, models: values.models?.split(','), log };
  for (const result of await bench.run(options)) {
    results.push({ bench: name, ...result });
    if (!values.json) console.log(lineOf(result));
  }
}

if (values.json) {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    commit: commit(),
  };
  console.log(JSON.stringify({ machine, results }, null, 2));
}

function lineOf({ name, ...figures }: BenchResult): string {
  const shown = (value: string | number | boolean) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  return `  ${name}: ${Object.entries(figures)
    .map(([figure, value]) => `${figure} ${shown(value)}`)
    .join(', ')}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
