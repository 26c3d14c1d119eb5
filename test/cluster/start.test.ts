/** `swarmgrad start`, `evaluate`, `export` and `status`, as a user calls them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reached, startProgram, summaryOf, swarmgrad, temporaryFolder } from '../support/cluster/cluster.js';
import { printedHere } from '../support/cluster/here.js';
import { plainAccuracy } from '../support/models/plain-accuracy.js';

const SMALL = [
  ...[
    '--data',
    'digits?train=2000&test=500',
    '--model',
    'mlp:48',
    '--epochs',
    '3',
    '--batch-size',
    '64',
    '--lr',
    '0.005',
  ],
  ...['--port', '0', '--local-engine', 'compiled/cpu'],
];
/** For what is told of a run, whatever it learns. */
const TINY = [
  ...['--data', 'digits?train=200&test=40', '--model', 'linear', '--batch-size', '32', '--epochs', '1'],
  ...['--port', '0', '--local-workers', '1', '--local-engine', 'compiled/cpu'],
];

describe('a cluster in one command', () => {
  it('trains, tells the result and where it lies, and leaves all files', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    // Else the first that is up may make the whole run.
    const both = ['--min-workers', '2'];
    const program = swarmgrad('start', ...SMALL, ...both, '--run-dir', runDir, '--no-linger');
    await program.line(/^swarmgrad coordinator listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(await program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    expect(summary.status).toBe('finished');
    expect(summary.test!.accuracy).toBeGreaterThan(0.9);
    expect(summary.workers.map(({ name }) => name).sort()).toEqual(['local-1', 'local-2']);
    for (const text of [/^test set: accuracy \d+\.\d\d %/m, /^model: .*model$/m, /^run: /m, /^join from/m]) {
      expect(program.stderr).toMatch(text);
    }
    for (const file of ['config.json', 'metrics.jsonl', 'checkpoints', 'model/model.json', 'summary.json']) {
      expect(existsSync(join(runDir, file))).toBe(true);
    }

    const evaluated = await printedHere('evaluate', runDir, '--json');
    const { accuracy, loss, samples, confusion } = JSON.parse(evaluated);
    expect({ accuracy, samples }).toEqual({ accuracy: summary.test!.accuracy, samples: 500 });
    expect(loss).toBeCloseTo(summary.test!.loss, 5);
    expect(confusion.flat().reduce((sum: number, count: number) => sum + count, 0)).toBe(500);

    const target = join(await temporaryFolder(), 'exported');
    await printedHere('export', runDir, '--to', target);
    expect(await plainAccuracy(target, SMALL[1]!)).toBe(summary.test!.accuracy);
  });

  it('logs in JSON on standard output and nothing else there, with each message traced beside it', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const json = ['--log-format', 'json', '--verbose', '--no-linger'];
    const args = ['start', ...TINY, ...json, '--run-dir', runDir];
    const program = startProgram(args, { env: { SWARMGRAD_TRACE: 'protocol' } });
    expect(await program.ended).toBe(0);
    const entries = program.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const entry of entries)
      expect(entry).toMatchObject({
        time: expect.any(String),
        level: expect.any(String),
        text: expect.any(String),
      });
    expect(entries.find(({ type }) => type === 'worker-joined')).toMatchObject({
      workerId: expect.any(Number),
    });
    expect(entries.find(({ type }) => type === 'evaluation')).toMatchObject({ metricName: 'accuracy' });
    expect(entries.at(-1)).toMatchObject({ type: expect.stringMatching(/^(summary|local-worker)$/) });
    for (const side of ['coordinator', 'worker'])
      for (const what of ['lease', 'contribution', 'gradient', 'close'])
        expect(program.stderr).toMatch(
          new RegExp(`^\\S+Z trace ${side} local-\\d#\\d (->|<-) ${what} `, 'm'),
        );
  });

  it('stops at Ctrl-C with a checkpoint, and says how it goes on', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const program = swarmgrad('start', ...TINY, '--epochs', '5000', '--run-dir', runDir);
    const [url] = /http:\S+/.exec(await program.line(/listening/))!;
    await reached({ program, url, runDir }, 5);
    expect(await printedHere('status', url)).toMatch(/step {5}\d+/);
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(130);
    expect(program.stderr).toMatch(/go on: {4}npx swarmgrad coordinator --run-dir .* --resume/);
    expect((await summaryOf(runDir)).status).toBe('stopped');
  });

  it('starts, goes on and ends by one and the same command, after its terminal or the reader of its log is gone', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const plan = ['--data', 'digits?train=200&test=40', '--model', 'linear', '--batch-size', '32'];
    // What is kept is kept by a clean end alone.
    const place = ['--port', '0', '--run-dir', runDir, '--start-or-resume', '--checkpoint-every', '0'];
    const own = ['--local-workers', '1', '--local-engine', 'compiled/cpu'];
    const again = () => swarmgrad('coordinator', ...plan, '--epochs', '200', ...place, ...own);
    const first = again();
    const [url] = /http:\S+/.exec(await first.line(/listening/))!;
    await reached({ program: first, url, runDir }, 5);
    first.child.kill('SIGHUP');
    expect(await first.ended).toBe(129);
    const unread = again();
    await unread.line(/resumed at step \d+/);
    // The next line of its log finds nobody.
    unread.child.stderr!.destroy();
    expect(await unread.ended).toBe(141);
    const second = again();
    expect(await second.ended).toBe(0);
    const [from, to] = [first, second].map(({ stderr }) =>
      Number(/stopped after (\d+) steps|resumed at step (\d+)/.exec(stderr)!.slice(1).find(Boolean)),
    );
    expect(to).toBeGreaterThanOrEqual(from!);
    const { status, weightsSha256 } = await summaryOf(runDir);
    expect(status).toBe('finished');
    // A run that is over has nothing left to do.
    expect(await again().ended).toBe(0);
    expect((await summaryOf(runDir)).weightsSha256).toBe(weightsSha256);
  });

  it('keeps serving after the run, whatever its options, all files written', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const program = swarmgrad('start', ...TINY, '--run-dir', runDir);
    await program.line(/still serving on/);
    expect((await summaryOf(runDir)).status).toBe('finished');
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(0);
  });
});

describe('a command whose output nobody reads to its end', () => {
  it('ends without a complaint', async () => {
    const program = swarmgrad('coordinator', '--help');
    program.child.stdout!.destroy();
    expect(await program.ended).toBe(141);
    expect(program.stderr).toBe('');
  });
});
