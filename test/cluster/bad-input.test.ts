/** What users may give wrongly: one line that names the thing and the remedy, and the right exit code. */
import { chmod, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { swarmgrad, temporaryFolder } from '../support/cluster/cluster.js';
import { commandHere } from '../support/cluster/here.js';
import { smallRun } from '../support/cluster/small-run.js';

const small = ['--data', 'digits?train=100&test=20', '--model', 'linear', '--port', '0'];

async function refused(args: string[], exitCode: number, message: RegExp): Promise<void> {
  const runDir = join(await temporaryFolder(), 'run');
  const { code, err } = await commandHere('coordinator', '--run-dir', runDir, ...args);
  const lines = err.trim().split('\n');
  expect(lines.at(-1)).toMatch(message);
  expect(err).not.toMatch(/\n\s+at /);
  expect(code).toBe(exitCode);
}

it('with --verbose, the stack of an error names TypeScript sources and their lines', async () => {
  const program = swarmgrad('coordinator', '--resume', '--run-dir', '/nowhere', '--verbose');
  expect(await program.ended).toBe(2);
  expect(program.stderr).toMatch(
    /at readConfiguration \(.*\/coordinator\/record\/folder\/stored-configuration\.ts:\d+:\d+\)/,
  );
});

describe('a coordinator refuses, in one line,', () => {
  it.each<[string, string[], number, RegExp]>([
    [
      'a batch size of 0',
      ['--batch-size', '0'],
      2,
      /--batch-size must be a whole number of at least 1, not "0"/,
    ],
    ['a learning rate that is not a number', ['--lr', 'NaN'], 2, /--lr must be a number above 0, not "NaN"/],
    ['shards that are no power of two', ['--shards', '6'], 2, /--shards must be a power of two/],
    ['an unknown model', [...small, '--model', 'vgg'], 2, /--model vgg: unknown model; give mlp, cnn/],
    ['a model file that is not there', [...small, '--model', 'no.json'], 2, /no\.json: no such file/],
    ['an unknown data source', ['--data', 'imagenet:x'], 2, /unknown source imagenet; known are digits/],
    ['a data folder that is not there', ['--data', 'idx:/nowhere'], 1, /folder \/nowhere is missing/],
    [
      'a model that does not fit the data',
      [...small, '--loss', 'meanSquaredError'],
      2,
      /does not fit digits/,
    ],
    ['epochs and steps together', ['--epochs', '1', '--steps', '1'], 2, /--epochs and --steps/],
    ['a resume without a folder', ['--resume'], 2, /holds no run/],
  ])('%s', async (_name, args, exitCode, message) => {
    await refused(args, exitCode, message);
  });

  it('a damaged data file, by its name', async () => {
    const folder = await temporaryFolder();
    const header = (magic: number, ...sizes: number[]) => {
      const bytes = Buffer.alloc(4 + 4 * sizes.length);
      for (const [i, value] of [magic, ...sizes].entries()) bytes.writeUInt32BE(value, 4 * i);
      return bytes;
    };
    for (const split of ['train', 't10k']) {
      const images = Buffer.concat([header(2051, 3, 4, 4), Buffer.alloc(48)]);
      await writeFile(join(folder, `${split}-images-idx3-ubyte`), images);
      await writeFile(
        join(folder, `${split}-labels-idx1-ubyte`),
        Buffer.concat([header(2049, 3), Buffer.from([0, 1, 0])]),
      );
    }
    const images = join(folder, 'train-images-idx3-ubyte');
    await truncate(images, 40);
    await refused(
      ['--data', `idx:${folder}`, '--model', 'linear'],
      1,
      /train-images-idx3-ubyte is truncated: 40 bytes/,
    );
  });

  it('a CSV row with a field too many, by file and line', async () => {
    const file = join(await temporaryFolder(), 'table.csv');
    await writeFile(file, 'a,b,c\n1,2,0\n3,4,5,1\n');
    await refused(
      ['--data', `csv:${file}`, '--model', 'linear'],
      1,
      /table\.csv, line 3: 4 fields, the first row has 3/,
    );
  });

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await refused([...small, '--port', String(port)], 1, new RegExp(`port ${port} on 127.0.0.1 is in use`));
    server.close();
  });

  it('a folder that holds another run, which it leaves as it is', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    await mkdir(runDir);
    await writeFile(join(runDir, 'summary.json'), 'precious');
    const { code, err } = await commandHere('coordinator', ...small, '--run-dir', runDir);
    expect(err).toMatch(
      /holds another run \(summary\.json\): give --resume to continue it, or another folder/,
    );
    expect(code).toBe(2);
    expect(await readFile(join(runDir, 'summary.json'), 'utf8')).toBe('precious');
  });

  it.skipIf(process.getuid?.() === 0)('a folder that cannot be written to', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o500);
    const { code, err } = await commandHere('coordinator', ...small, '--run-dir', join(folder, 'run'));
    expect(err).toMatch(/cannot be used: .*; give another folder/);
    expect(code).toBe(2);
  });
});

describe('a worker', () => {
  it('says that an engine does not exist, and what there is', async () => {
    const { url } = await smallRun();
    const program = swarmgrad('worker', url, '--engine', 'eager/abacus');
    expect(await program.ended).not.toBe(0);
    expect(program.stderr).toMatch(/engine eager\/abacus is unknown here: give auto, .*eager\/cpu/);
  });

  it('goes on trying while nobody answers, saying so', async () => {
    const program = swarmgrad('worker', 'ws://127.0.0.1:9');
    await program.line(
      /no coordinator answers at http:\/\/127\.0\.0\.1:9 \(.*ECONNREFUSED.*\); trying again in/,
    );
    program.child.kill('SIGINT');
    await program.ended;
  });
});
