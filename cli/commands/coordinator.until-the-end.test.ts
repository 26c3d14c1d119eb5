import { describe, expect, it } from 'vitest';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import type { Continuation } from '../../coordinator/run/continuation.js';
import type { RunningCoordinator } from '../../coordinator/start.js';
import { Interrupted, type Interruption } from '../input/interruptions.js';
import type { Note } from '../output/log.js';
import { fewStepsText, optionsToGoOn, untilTheEnd } from './coordinator.js';

/** A run whose end, and whose user, are the test's. */
function subject(linger: boolean) {
  const lines: string[] = [];
  let end!: (summary: Summary) => void;
  let interrupt!: (signal: Interruption) => void;
  const finished = new Promise<Summary>((resolve) => {
    end = resolve;
  });
  const interruption = new Promise<Interruption>((resolve) => {
    interrupt = resolve;
  });
  let goOn!: (how: Continuation) => void;
  const continued = new Promise<Continuation>((resolve) => {
    goOn = resolve;
  });
  let stops = 0;
  const running = {
    continued: () => continued,
    url: 'http://127.0.0.1:1',
    runDir: '/runs/one',
    finished,
    stop: () => {
      stops++;
      return finished;
    },
  } as unknown as RunningCoordinator;
  let watch: (line: string) => void = () => undefined;
  const display = {
    say: ({ text }: Note) => {
      lines.push(text);
      watch(text);
    },
    event: () => undefined,
    end: () => undefined,
  };
  const serves = new Promise<void>((resolve) => {
    watch = (line) => {
      if (line.startsWith('still serving on')) resolve();
    };
  });
  const over = untilTheEnd(running, display, interruption, linger);
  over.catch(() => undefined);
  return { over, end, interrupt, goOn, lines, serves, stops: () => stops };
}
const summary = (status: Summary['status'], reason?: string) =>
  ({
    ...{ status, reason, steps: 81, samplesTrained: 5184, seconds: 7, test: null },
    reproducible: { holds: true, why: 'one engine class' },
  }) as unknown as Summary;

describe('a coordinator that lingers', () => {
  it('goes on serving after each end that nobody at its terminal has asked for, and tells the way it ended last', async () => {
    const finished = subject(true);
    finished.end(summary('finished'));
    await finished.serves;
    finished.interrupt('SIGINT');
    await finished.over;

    const failed = subject(true);
    failed.end(summary('failed', 'the weights hold NaN'));
    await failed.serves;
    expect(failed.lines).toContain('the weights hold NaN');
    failed.interrupt('SIGTERM');
    await expect(failed.over).rejects.toThrow('the weights hold NaN');

    const stoppedByPage = subject(true);
    stoppedByPage.end(summary('stopped'));
    await stoppedByPage.serves;
    expect(stoppedByPage.lines.join('\n')).toContain(
      'npx swarmgrad coordinator --run-dir /runs/one --resume',
    );
    stoppedByPage.interrupt('SIGINT');
    await expect(stoppedByPage.over).rejects.toBeInstanceOf(Interrupted);
  });

  it('goes on where an admin asks for it, under the same address and with what was given for this call alone', async () => {
    const failed = subject(true);
    failed.end(summary('failed', 'the weights hold NaN'));
    await failed.serves;
    const how = { from: 'best', step: 60, learningRate: 0.01 } as const;
    failed.goOn(how);
    expect(await failed.over).toEqual(how);
    const given = { data: 'digits', linger: true, startOrResume: true, epochs: 3, port: 0, lr: 1 };
    expect(optionsToGoOn(given, how, { runDir: '/runs/one', url: 'http://127.0.0.1:8123' })).toEqual({
      ...{ data: 'digits', linger: true, runDir: '/runs/one', resume: true, port: 8123, resumeLr: 0.01 },
    });
  });

  it('ends with the run that is interrupted', async () => {
    const run = subject(true);
    run.interrupt('SIGHUP');
    await Promise.resolve();
    expect(run.stops()).toBe(1);
    run.end(summary('stopped'));
    await expect(run.over).rejects.toMatchObject({ exitCode: 129 });
    expect(run.lines.join('\n')).not.toContain('still serving');
  });
});

describe('a coordinator that does not linger', () => {
  it('ends with its run, and fails with one that failed', async () => {
    const finished = subject(false);
    finished.end(summary('finished'));
    await finished.over;
    const failed = subject(false);
    failed.end(summary('failed', 'finished after 81 steps, but NOT SAVED'));
    await expect(failed.over).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('NOT SAVED'),
    });
    expect(failed.lines.join('\n')).not.toContain('model:');
  });
});

describe('a run that is over before it can learn', () => {
  it('is told to who has not said how long it shall be', () => {
    expect(fewStepsText({}, { steps: 8 })).toMatch(/only 8 steps in all: --batch-size 16 --epochs 20 lets/);
    expect(fewStepsText({}, { steps: 50 })).toBeUndefined();
    for (const given of [{ epochs: 2 }, { steps: 8 }, { batchSize: 128 }, { resume: true }])
      expect(fewStepsText(given, { steps: 8 })).toBeUndefined();
  });
});
