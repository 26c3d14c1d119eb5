import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../../../shared/numerics/random.js';
import { FaultyDisk } from '../../../test/support/files/faulty-disk.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { keepAsBest } from './best.js';
import { type CheckpointState, DamagedCheckpoint } from './format.js';
import { readCheckpoint, readLatest } from './reader.js';
import { rollBack } from './roll-back.js';
import { type CheckpointOptions, CheckpointWriter } from './writer.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => join(root, String(folders++));

const stateAt = (step: number): CheckpointState => ({
  progress: {
    step,
    evaluatedAt: 0,
    samplesTrained: 128 * step,
    seconds: 1.5,
    shards: { expected: 8 * step, counted: 8 * step, reissued: 0, rejected: 0, duplicates: 0 },
    epochSums: { samples: 128, loss: 0.1 + 0.2, metric: 100 },
    latest: null,
    test: null,
  },
  configuration: { data: 'digits', seed: 1 },
  model: {
    format: 1,
    name: 'linear',
    topology: {},
    weights: [{ name: 'dense/kernel', shape: [4, 3], trainable: true }],
    loss: 'categoricalCrossentropy',
    inputShape: [4],
    outputShape: [3],
    layers: [],
  },
  records: {
    x: { shape: [4], dtype: 'float32' },
    y: { shape: [], dtype: 'int32' },
    label: { kind: 'class', classes: 3 },
    normalisation: { scale: 1, mean: [0], std: [1] },
  },
  workers: [],
  bytes: { down: 1, up: 2 },
});

/** Vectors as the run holds them: views into the memory of a WebAssembly module, not at its start. */
function wasmSections(lengths: number[][]) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  let at = 16;
  return lengths.map((chunks, section) => ({
    name: `section${section}`,
    chunks: chunks.map((length, chunk) => {
      const view = new Float32Array(memory.buffer, at, length);
      at += view.byteLength + 16;
      return view.map((_, i) => Math.fround(Math.sin(section + chunk + i)));
    }),
  }));
}

const flat = (chunks: readonly Float32Array[]) => chunks.flatMap((chunk) => [...chunk]);

function writerIn(dir: string, options: Partial<CheckpointOptions> = {}, good?: string) {
  const warnings: string[] = [];
  const writer = new CheckpointWriter(
    dir,
    {
      keep: 3,
      beforeCommit: async () => undefined,
      committed: async () => undefined,
      written: () => undefined,
      failed: (step, error) => warnings.push(`${step}: ${(error as Error).message}`),
      warn: (text) => warnings.push(text),
      ...options,
    },
    good,
  );
  return { writer, warnings };
}

async function write(dir: string, step: number, keep = 3) {
  const sections = wasmSections([[5, 5, 2], [3]]);
  sections[0]!.chunks[0]![0] = step;
  await writerIn(dir, { keep }).writer.begin(stateAt(step), sections)!.done;
  return { sections, path: join(dir, `step-${String(step).padStart(9, '0')}.ckpt`) };
}

const stepsIn = (dir: string) => readdirSync(dir).map((name) => Number(/\d+/.exec(name)));

describe('a checkpoint', () => {
  it('gives back the state and every bit of the vectors', async () => {
    const { sections, path } = await write(newDir(), 7);
    const read = await readCheckpoint(path);
    expect(read.state).toEqual(stateAt(7));
    expect([...read.sections.keys()]).toEqual(['section0', 'section1']);
    for (const { name, chunks } of sections) expect([...read.sections.get(name)!]).toEqual(flat(chunks));
  });

  it('ends with the SHA-256 of all that stands before', async () => {
    const bytes = readFileSync((await write(newDir(), 1)).path);
    expect(createHash('sha256').update(bytes.subarray(0, -32)).digest()).toEqual(bytes.subarray(-32));
  });

  it('holds vectors without elements and no vectors at all', async () => {
    const dir = newDir();
    await writerIn(dir).writer.begin(stateAt(1), [{ name: 'weights', chunks: [new Float32Array(0)] }])!.done;
    expect((await readLatest(dir, fail))!.sections.get('weights')).toHaveLength(0);
    await writerIn(dir).writer.begin(stateAt(2), [])!.done;
    expect((await readLatest(dir, fail))!.sections.size).toBe(0);
  });

  it('is of the instant when it began, whatever the run overwrites meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.boolean()), async (choices) => {
        const dir = newDir();
        const sections = wasmSections([
          [4, 4, 4, 1],
          [4, 4, 2],
        ]);
        const before = sections.map(({ chunks }) => flat(chunks));
        const { writer } = writerIn(dir);
        const checkpoint = writer.begin(stateAt(1), sections)!;
        // The run: overwrites chunk after chunk, at arbitrary moments of the writing.
        for (const { name, chunks } of sections) {
          for (const [chunk, values] of chunks.entries()) {
            while (choices.next().value) await new Promise(setImmediate);
            checkpoint.preserve(name, chunk);
            values.fill(Number.NaN);
          }
        }
        await checkpoint.done;
        const read = await readLatest(dir, fail);
        expect([...read!.sections.values()].map((values) => [...values])).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it('becomes visible only when what it implies is on disk', async () => {
    const dir = newDir();
    let visible: string[] = [];
    const beforeCommit = async () => {
      visible = readdirSync(dir);
    };
    await writerIn(dir, { beforeCommit }).writer.begin(stateAt(1), [])!.done;
    expect(visible).toEqual(['step-000000001.ckpt.tmp']);
    expect(readdirSync(dir)).toEqual(['step-000000001.ckpt']);
  });

  it('is left out, and said to be, while another is still being written', async () => {
    const { writer, warnings } = writerIn(newDir());
    const first = writer.begin(stateAt(1), wasmSections([[9]]))!;
    expect(writer.begin(stateAt(1), [])).toBe(first);
    expect(writer.begin(stateAt(2), [])).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^no checkpoint at step 2: /)]);
    await writer.settled();
    expect(await first.done).toBe(true);
    expect(await writer.begin(stateAt(3), [])!.done).toBe(true);
  });

  it('that cannot be written is told, leaves nothing behind, and the next one is tried', async () => {
    const dir = newDir();
    let full = true;
    const beforeCommit = async () => {
      if (full) throw new Error('ENOSPC: no space left on device');
    };
    const { writer, warnings } = writerIn(dir, { beforeCommit });
    expect(await writer.begin(stateAt(1), wasmSections([[9]]))!.done).toBe(false);
    expect(warnings).toEqual(['1: ENOSPC: no space left on device']);
    expect(readdirSync(dir)).toEqual([]);
    full = false;
    expect(await writer.begin(stateAt(2), wasmSections([[9]]))!.done).toBe(true);
  });

  it('on a full disk makes the oldest give way, and never the newest that is whole', async () => {
    const dir = newDir();
    mkdirSync(dir);
    for (const step of [1, 2, 3]) await write(dir, step);
    const { writer, warnings } = writerIn(dir, {}, join(dir, 'step-000000003.ckpt'));
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    // Room for one more, where two are gone.
    faulty.fails = (call) => {
      const isFull = readdirSync(dir).filter((name) => name.endsWith('.ckpt')).length > 1;
      return faulty.calls[call]!.startsWith('write') && isFull ? 'ENOSPC' : undefined;
    };
    const sections = wasmSections([[5, 5, 2], [3]]);
    const before = sections.map(({ chunks }) => flat(chunks));
    expect(await writer.begin(stateAt(4), sections)!.done).toBe(true);
    expect(stepsIn(dir)).toEqual([3, 4]);
    expect(warnings.map((text) => /step-\d+/.exec(text)![0])).toEqual(['step-000000001', 'step-000000002']);
    const { path, sections: read } = (await readLatest(dir, fail))!;
    expect(path).toContain('step-000000004');
    expect([...read.values()].map((values) => [...values])).toEqual(before);
    // The disk stays full: the one that is there stays.
    faulty.fails = (call) => (faulty.calls[call]!.startsWith('write') ? 'ENOSPC' : undefined);
    expect(await writer.begin(stateAt(5), wasmSections([[9]]))!.done).toBe(false);
    expect(stepsIn(dir)).toEqual([4]);
    expect((await readLatest(dir, fail))!.state.progress.step).toBe(4);
  });

  it('into a folder that cannot be made is told, not thrown', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const { writer, warnings } = writerIn(join(file, 'checkpoints'));
    expect(await writer.begin(stateAt(1), [])!.done).toBe(false);
    expect(warnings).toHaveLength(1);
  });
});

describe('the folder of checkpoints', () => {
  it('keeps the newest, and drops what a killed writer has left', async () => {
    const dir = newDir();
    mkdirSync(dir);
    writeFileSync(join(dir, 'step-000000050.ckpt.tmp'), 'half');
    for (const step of [100, 200, 300, 400]) await write(dir, step, 2);
    expect(stepsIn(dir)).toEqual([300, 400]);
  });

  it('gives the newest', async () => {
    const dir = newDir();
    for (const step of [9, 10, 1_000_000_000]) await write(dir, step);
    expect((await readLatest(dir, fail))!.state.progress.step).toBe(1_000_000_000);
  });

  it('gives nothing where there is none', async () => {
    expect(await readLatest(join(root, 'nowhere'), fail)).toBeUndefined();
  });

  it('never lets a damaged newer file push out the good one written after a resume', async () => {
    const dir = newDir();
    await write(dir, 300);
    truncateSync(join(dir, 'step-000000300.ckpt'), 100);
    await write(dir, 200, 1);
    expect(stepsIn(dir)).toEqual([200]);
  });

  it('passes over damaged ones, naming file and reason', async () => {
    const dir = newDir();
    await write(dir, 1);
    const { path: second } = await write(dir, 2);
    const { path: third } = await write(dir, 3);
    truncateSync(second, 100);
    flipBit(third, 300);
    const warnings: string[] = [];
    const read = await readLatest(dir, (text) => warnings.push(text));
    expect(read!.state.progress.step).toBe(1);
    expect(warnings[0]).toContain(`DAMAGED CHECKPOINT ${third}: it has `);
    expect(warnings[1]).toContain(`DAMAGED CHECKPOINT ${second}: it is truncated`);
  });

  it('refuses to go on where all are damaged', async () => {
    const dir = newDir();
    const { path } = await write(dir, 1);
    writeFileSync(path, 'not a checkpoint at all, though it is long enough to be one');
    const warnings: string[] = [];
    await expect(readLatest(dir, (text) => warnings.push(text))).rejects.toThrow(/none of its 1 checkpoints/);
    expect(warnings[0]).toContain('wrong magic');
  });
});

describe('damage', () => {
  /** A checkpoint, and what becomes of it when other bytes stand in its place. */
  async function subject() {
    const { path } = await write(newDir(), 5);
    const bytes = readFileSync(path);
    const copy = join(root, 'copy.ckpt');
    const isFound = async (damaged: Uint8Array, what: string) => {
      writeFileSync(copy, damaged);
      await expect(readCheckpoint(copy), what).rejects.toBeInstanceOf(DamagedCheckpoint);
    };
    return { bytes, isFound };
  }

  it('of any single bit of its frame, and of a thousand others, is found', async () => {
    const { bytes, isFound } = await subject();
    const flip = async (bit: number) => {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await isFound(damaged, `bit ${bit}`);
    };
    // Magic, version, length of the header; and the digest.
    for (let bit = 0; bit < 8 * 16; bit++) await flip(bit);
    for (let bit = 8 * (bytes.length - 32); bit < 8 * bytes.length; bit++) await flip(bit);
    const random = new Random(6);
    for (let times = 0; times < 1000; times++) await flip(random.below(8 * bytes.length));
  });

  it('by any missing tail is found, whatever its length', async () => {
    const { bytes, isFound } = await subject();
    for (let length = 0; length < bytes.length; length++)
      await isFound(bytes.subarray(0, length), `${length} of ${bytes.length} bytes`);
  });

  it('as disks and people do it is found: blocks of zeros, of another file, missing, doubled, added', async () => {
    const { bytes, isFound } = await subject();
    const other = readFileSync((await write(newDir(), 6)).path);
    const block = fc.record({ from: fc.nat(bytes.length - 1), length: fc.integer({ min: 1, max: 600 }) });
    const kinds = {
      zeros: (part: Buffer) => Buffer.alloc(part.length),
      another: (part: Buffer, from: number) => other.subarray(from, from + part.length),
      missing: () => Buffer.alloc(0),
      doubled: (part: Buffer) => Buffer.concat([part, part]),
      'with more': (part: Buffer) => Buffer.concat([part, Buffer.from('more')]),
    };
    for (const [name, change] of Object.entries(kinds)) {
      await fc.assert(
        fc.asyncProperty(block, async ({ from, length }) => {
          const end = Math.min(bytes.length, from + length);
          const changed = change(bytes.subarray(from, end), from);
          const damaged = Buffer.concat([bytes.subarray(0, from), changed, bytes.subarray(end)]);
          fc.pre(!damaged.equals(bytes));
          await isFound(damaged, `${name}, ${from} to ${end}`);
        }),
        { numRuns: 200 },
      );
    }
  });
});

function flipBit(path: string, at: number, bit = 0): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1 << bit;
  writeFileSync(path, bytes);
}

function fail(text: string): void {
  throw new Error(`not expected: ${text}`);
}

describe('a run that is rolled back', () => {
  it('goes on from its best checkpoint, and the later ones lie beside it', async () => {
    const dir = newDir();
    const committed = ({ progress: { step } }: CheckpointState, path: string) =>
      step === 4 ? keepAsBest(dir, path) : Promise.resolve();
    const { writer } = writerIn(dir, { committed });
    for (const step of [4, 6, 8, 10]) await writer.begin(stateAt(step), wasmSections([[3]]))!.done;
    // Of the four the three newest are left, and the best under its second name.
    expect(readdirSync(dir).sort()[0]).toBe('best.ckpt');
    await rollBack(dir, 4);
    expect((await readLatest(dir, () => undefined))!.state.progress.step).toBe(4);
    expect(readdirSync(dir).filter((name) => name.endsWith('.undone'))).toHaveLength(3);
    await expect(rollBack(dir, 5)).rejects.toThrow('no checkpoint of step 5');
  });
});
