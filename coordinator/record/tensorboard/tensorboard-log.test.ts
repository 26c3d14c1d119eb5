import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelView } from '../../../shared/status/monitoring.js';
import { FaultyDisk } from '../../../test/support/files/faulty-disk.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { encodeRecord, FILE_VERSION, type TensorBoardEvent } from './event.js';
import { histogramsOf, mistakesOf } from './summaries.js';
import { TensorBoardLog } from './tensorboard-log.js';

const root = temporaryFolder();
let folders = 0;
let now = 1_000_000;
const wallClock = () => now;

async function opened(lastStep = 0, dir = join(root, String(folders++))) {
  const warnings: string[] = [];
  const log = await TensorBoardLog.open(dir, { lastStep, warn: (text) => warnings.push(text), wallClock });
  onTestFinished(() => log.close());
  return { dir, log, warnings };
}

const bytesOf = (dir: string, part: 'train' | 'test') => {
  const names = readdirSync(join(dir, part)).sort();
  return readFileSync(join(dir, part, names.at(-1)!));
};
const encoded = (...events: TensorBoardEvent[]) => Buffer.concat(events.map(encodeRecord));
const version = (ms: number) => ({ step: 0, wallTime: ms / 1000, fileVersion: FILE_VERSION });

const stepLine = {
  ...{ type: 'step', step: 3, epoch: 1, loss: 0.5, accuracy: 0.75, learningRate: 0.1 },
  ...{ gradientNorm: 2, samples: 64, time: 1.5 },
};
const scalars = [
  { tag: 'loss', scalar: 0.5 },
  { tag: 'accuracy', scalar: 0.75 },
  { tag: 'learningRate', scalar: 0.1 },
  { tag: 'gradientNorm', scalar: 2 },
];

const pixels = Uint8Array.from({ length: 6 }, (_, i) => i);
const view = {
  x: { shape: [2, 3], dtype: 'uint8' },
  label: { kind: 'class', classes: 2, names: ['cat', 'dog'] },
  evaluation: {
    step: 3,
    confusion: null,
    mistakes: [
      { record: 7, predicted: 1, confidence: 0.9, actual: 0, x: Buffer.from(pixels).toString('base64') },
      { record: 8, predicted: 0, confidence: 0.8, actual: 1, x: null },
    ],
  },
  histograms: {
    step: 3,
    weights: [
      {
        name: 'dense/kernel',
        shape: [2, 2],
        weights: { min: -1, max: 1, mean: 0.25, deviation: 0.5, counts: [1, 3] },
        gradients: { min: 2, max: 2, mean: 2, deviation: 0, counts: [4, 0] },
      },
    ],
  },
} as unknown as ModelView;

describe("TensorBoard's files of a run", () => {
  it('have the numbers of steps in train/ and of evaluations in test/', async () => {
    const { dir, log } = await opened();
    log.line(stepLine);
    log.line({ type: 'evaluation', step: 3, epoch: 1, loss: 0.25, accuracy: 1, samples: 100, time: 2 });
    log.line({ type: 'change', step: 3, what: 'pause' });
    await log.close();
    const wallTime = now / 1000;
    expect(bytesOf(dir, 'train')).toEqual(encoded(version(now), { step: 3, wallTime, summary: scalars }));
    const ofTest = [
      { tag: 'loss', scalar: 0.25 },
      { tag: 'accuracy', scalar: 1 },
    ];
    expect(bytesOf(dir, 'test')).toEqual(encoded(version(now), { step: 3, wallTime, summary: ofTest }));
  });

  it('have histograms of the weights, and pictures of the mistakes that can be shown', async () => {
    const { dir, log } = await opened();
    log.model(view);
    await log.close();
    const [weights, gradients] = histogramsOf(view);
    expect(weights).toEqual({
      tag: 'weights/dense/kernel',
      histogram: {
        ...{ min: -1, max: 1, count: 4, sum: 1, sumOfSquares: 4 * (0.5 ** 2 + 0.25 ** 2) },
        ...{ limits: [0, 1], counts: [1, 3] },
      },
    });
    // All values are one: there is one bin.
    expect(gradients).toMatchObject({ histogram: { count: 4, limits: [2], counts: [4] } });
    const [picture, table] = mistakesOf(view);
    expect(picture).toMatchObject({ tag: 'mistakes/1', picture: { height: 2, width: 3, channels: 1 } });
    expect(table).toEqual({
      tag: 'mistakes',
      text: expect.stringContaining('| 1 | 7 | cat | dog | 0.900 |'),
    });
    const wallTime = now / 1000;
    expect(bytesOf(dir, 'train')).toEqual(
      encoded(version(now), { step: 3, wallTime, summary: [weights!, gradients!] }),
    );
    expect(bytesOf(dir, 'test')).toEqual(
      encoded(version(now), { step: 3, wallTime, summary: [picture!, table!] }),
    );
  });

  it('of a resumed run say that what came after the resumed step does not count', async () => {
    const { dir, log } = await opened();
    log.line(stepLine);
    await log.close();
    now += 5000;
    const { log: resumed } = await opened(2, dir);
    resumed.line(stepLine);
    await resumed.close();
    const names = readdirSync(join(dir, 'train'));
    expect(names).toHaveLength(2);
    expect([...names].sort()).toEqual(names);
    const wallTime = now / 1000;
    expect(bytesOf(dir, 'train')).toEqual(
      encoded(version(now), { step: 3, wallTime, start: true }, { step: 3, wallTime, summary: scalars }),
    );
  });

  it('are whole after the disk was full for a while, of which one warning tells', async () => {
    const dir = join(root, String(folders++));
    await mkdir(dir);
    const disk = new FaultyDisk(dir);
    onTestFinished(() => disk.remove());
    const { log, warnings } = await opened(0, dir);
    disk.fails = () => 'ENOSPC';
    log.line(stepLine);
    await log.flush();
    log.line({ ...stepLine, step: 4 });
    await log.flush();
    disk.fails = () => undefined;
    await log.close();
    const wallTime = now / 1000;
    expect(bytesOf(dir, 'train')).toEqual(
      encoded(version(now), { step: 3, wallTime, summary: scalars }, { step: 4, wallTime, summary: scalars }),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^TensorBoard's files are not being written: .*ENOSPC.*swarmgrad metrics/),
    ]);
  });
});
