/**
 * The same training by PyTorch: writes data, initial weights and options into a folder, and runs
 * pytorch/train.py on it with the Python that is given (needs torch and numpy; 2.15.0 was used).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GivenCoordinatorOptions } from '../../../coordinator/options/options.js';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';
import { prepare } from '../../../coordinator/prepare/prepare.js';
import { configure } from '../../../coordinator/setup/configure.js';

const PROGRAM = fileURLToPath(new URL('./pytorch/train.py', import.meta.url));

export interface PyTorchRun {
  python: string;
  /** Where to put the files; made if need be. */
  folder: string;
  /** Of these: data, model, seed (of the initial weights), batchSize, optimizer, lr, epochs. */
  options: GivenCoordinatorOptions;
  /** Indices of all steps' samples, one after the other; otherwise each epoch is shuffled anew. */
  order?: Uint32Array;
  /** Of the shuffling. */
  seed?: number;
  /** Processes of DistributedDataParallel, of one thread each. */
  ranks?: number;
  /** Test accuracy at which to stop. */
  target?: number;
}

export interface Ready {
  type: 'ready';
  torch: string;
}
export interface StepLine {
  type: 'step';
  step: number;
  loss: number;
}
export interface EpochLine {
  type: 'epoch';
  epoch: number;
  step: number;
  /** Since the first step began. */
  seconds: number;
  loss: number;
  accuracy: number;
}

/** What PyTorch tells, in order. @throws Error with its words if it fails */
export async function* trainWithPyTorch(run: PyTorchRun): AsyncGenerator<Ready | StepLine | EpochLine> {
  await writeFolder(run);
  const child = spawn(run.python, [PROGRAM, run.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const ended = once(child, 'close');
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
    const [code] = await ended;
    if (code !== 0) throw new Error(`PyTorch ended with ${code}: see above`);
  } finally {
    child.kill();
  }
}

async function writeFolder({ folder, options, order, seed = 1, ranks = 1, target }: PyTorchRun) {
  const configuration = configure(options);
  if (configuration.schedule !== 'constant') throw new Error('give the reference --schedule constant');
  const { description, weights } = await prepare(configuration, configuration.model);
  const { x, y, label, normalisation, train, test } = await openData(configuration.data);
  if (label.kind !== 'class') throw new Error('the reference knows classes only');
  await mkdir(folder, { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);
  const bytesOf = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (const [name, split] of Object.entries({ train, test })) {
    await write(`${name}.x`, bytesOf(split.x));
    await write(`${name}.y`, bytesOf(split.y));
  }
  await write('weights.bin', bytesOf(weights));
  if (order) await write('order.bin', bytesOf(order));
  const { model, batchSize, optimizer, lr, epochs } = configuration;
  const setup = {
    ...{ model, batchSize, optimizer, lr, epochs, seed, ranks, target, normalisation },
    ...{ shape: x.shape, xType: x.dtype, labelShape: y.shape, yType: y.dtype, classes: label.classes },
    order: order ? 'given' : 'shuffled',
    weights: description.weights.map(({ name, shape }) => ({ name, shape })),
  };
  await write('setup.json', JSON.stringify(setup));
}
