// The checks, in the order of what they are worth should time run out. Each is a command with a limit of its own, and
// tells its figures from what the command printed, or throws what is wrong with them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param app the folder of the product
 * @param out where runs write
 * @param data a folder of MNIST's files, if there is one
 * @param small for Vulkan on a processor, which takes seconds for what a GPU does in milliseconds
 */
export function checksOf({ app, out, data, python, small }) {
  const cli = join(app, 'dist/cli/swarmgrad.js');
  const bench = join(app, 'dist/bench/bench.js');
  const engines = (model) => ({
    name: `engines ${model}`,
    limit: 90,
    command: [cli, 'engines', '--model', model, '--json'],
    read: (text) => enginesFigures(JSON.parse(text)),
  });
  const models = (name) => ({
    name: `bench gpu ${name}`,
    limit: small ? 180 : 70,
    command: [
      ...[bench, 'gpu', '--json', '--models', name],
      ...(small ? ['--quick'] : []),
      ...(python ? ['--python', python] : []),
    ],
    read: (text) => benchFigures(JSON.parse(text), python),
  });
  const mnist = (engine, number = '') => {
    const folder = join(out, `run-${engine.split('/')[1]}${number}`);
    // The test set is computed too.
    const isSmall = small && engine === 'compiled/webgpu';
    const set = isSmall ? 'digits?train=128&test=32' : data ? `idx:${data}` : 'digits';
    const [size, steps] = isSmall ? [32, 4] : [512, 234];
    return {
      name: `${set.startsWith('idx:') ? 'mnist' : 'digits'} on ${engine}${number && ', again'}`,
      limit: 90,
      command: [
        ...[cli, 'start', '--no-linger', '--port', '0', '--run-dir', folder],
        ...['--data', set, '--model', 'mlp', '--seed', '1'],
        ...['--batch-size', `${size}`, '--steps', `${steps}`],
        ...['--local-workers', '1', '--local-lanes', '0', '--local-engine', engine],
      ],
      read: () => runFigures(folder, engine),
    };
  };
  const again = mnist('compiled/webgpu', '-again');
  const first = mnist('compiled/webgpu');
  return [
    engines('mlp'),
    first,
    { ...again, read: () => sameBits(again.read(), runFigures(join(out, 'run-webgpu'), 'compiled/webgpu')) },
    ...(small ? ['mlp'] : ['mlp', 'gpt', 'resnet', 'cnn', 'lstm']).map(models),
    mnist('compiled/cpu'),
    ...(small ? [] : [engines('resnet'), mnist('compiled/cuda')]),
  ];
}

/** Fails unless WebGPU computes what the reference does: that is what the machine is for. */
function enginesFigures({ chosen, engines, shardSamples }) {
  const rows = engines.map(({ name, engineClass, shardMs, distance, refused }) =>
    refused
      ? `${name}: ${refused}`
      : `${engineClass}: ${shardMs.toPrecision(3)} ms, off by ${distance.toExponential(1)}`,
  );
  const webgpu = engines.find(({ name }) => name === 'compiled/webgpu');
  if (!webgpu || webgpu.refused)
    throw new Error(`no compiled/webgpu: ${webgpu?.refused}; ${rows.join('; ')}`);
  return { chosen, shardSamples, engines: rows };
}

function benchFigures({ results }, python) {
  const rows = results.map(({ name, ms, samplesPerSecond, timesPyTorch }) => {
    const beside = timesPyTorch ? `, ${timesPyTorch.toFixed(2)} times PyTorch's` : '';
    return `${name}: ${ms.toFixed(2)} ms, ${Math.round(samplesPerSecond)} samples/s${beside}`;
  });
  if (!results.some(({ engine }) => engine === 'compiled/webgpu'))
    throw new Error(`no row of compiled/webgpu; ${rows}`);
  if (python && !results.some(({ engine }) => engine.startsWith('pytorch')))
    rows.push(`no row of PyTorch on CUDA, although ${python} was named: the log says why`);
  return { rows };
}

function runFigures(folder, engine) {
  const file = join(folder, 'summary.json');
  if (!existsSync(file)) throw new Error('the run left no summary.json');
  const { status, reason, steps, samplesTrained, seconds, weightsSha256, test, workers } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  if (status !== 'finished') throw new Error(`the run is ${status}: ${reason}`);
  const classes = workers.map(({ engineClass }) => engineClass);
  if (!classes.every((name) => name.startsWith(`${engine}@`)))
    throw new Error(`computed by ${classes}, not ${engine}`);
  const samplesPerSecond = Math.round(samplesTrained / seconds);
  return { steps, seconds, samplesPerSecond, test, classes, weightsSha256 };
}

function sameBits(second, first) {
  if (second.weightsSha256 !== first.weightsSha256)
    throw new Error(
      `two runs of one engine class have other bits: ${first.weightsSha256}, ${second.weightsSha256}`,
    );
  return { ...second, sameBits: true };
}
