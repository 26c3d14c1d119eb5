/** A run that is watched by a validation set: its rate falls, and it ends by itself, the same wherever it was cut off. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coordinator, metricsOf, reached, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { printedHere } from '../support/cluster/here.js';
import { plainAccuracy } from '../support/models/plain-accuracy.js';

const DATA = 'digits?train=200&test=60';
const RUN = [
  ...['--data', DATA, '--model', 'linear', '--batch-size', '32', '--lr', '0.02', '--steps', '5000'],
  ...['--validation', '0.3', '--evaluate-every', '4', '--patience', '3', '--min-delta', '0.01'],
  ...['--metrics', 'f1,balanced-accuracy'],
  ...['--checkpoint-every', '10', '--keep-checkpoints', '1'],
  ...['--schedule', 'plateau', '--patience-lr', '1', '--factor', '0.5'],
  ...['--local-lanes', '1', '--local-engine', 'eager/cpu'],
];

describe('a run with --validation, --patience and --schedule plateau', () => {
  it('ends early, leaves its best weights, and is the same run after a kill and a resume', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const { program } = await coordinator(runDir, ...RUN);
    expect(await program.ended).toBe(0);
    expect(program.stderr).toMatch(/learning rate 0.01 from step \d+ on, by the plateau schedule/);
    expect(metricsOf(runDir).some(({ type }) => type === 'change')).toBe(true);
    const summary = await summaryOf(runDir);
    const { best, steps, validation, test } = summary;
    expect(summary.status).toBe('finished');
    expect(steps).toBe(best!.step + 3 * 4);
    const why = `no better loss for 3 evaluations: stopped at step ${steps}, best at step ${best!.step}`;
    expect(summary.stoppedEarly).toBe(why);
    expect(program.stderr).toContain(why);
    expect(program.stderr).not.toContain('the test set decides');
    expect(validation!.samples).toBe(60);
    expect(Object.keys(test!.metrics!)).toEqual(['f1', 'balancedAccuracy']);
    expect(test).toMatchObject({ samples: 60, step: best!.step });

    const lines = metricsOf(runDir);
    const evaluations = lines.filter(({ type }) => type === 'evaluation');
    expect(evaluations.map(({ step }) => step)).toEqual(
      Array.from({ length: steps / 4 }, (_, i) => 4 * (i + 1)),
    );
    expect(new Set(evaluations.map(({ set }) => set))).toEqual(new Set(['validation']));
    expect(evaluations.find(({ step }) => step === best!.step)!.loss).toBe(best!.value);
    expect(lines.filter(({ type }) => type === 'test').map(({ step }) => step)).toEqual([best!.step]);

    expect(existsSync(join(runDir, 'checkpoints/best.ckpt'))).toBe(true);
    const evaluate = async (...flags: string[]) => {
      const evaluated = await printedHere('evaluate', runDir, '--json', ...flags);
      const { step, accuracy, loss, samples, metrics } = JSON.parse(evaluated);
      return { step, accuracy, loss, samples, metrics };
    };
    expect(await evaluate()).toEqual(test);
    expect((await evaluate('--part', 'validation')).loss).toBe(best!.value);
    const last = await evaluate('--weights', 'last', '--part', 'validation');
    expect(last).toEqual({ step: steps, ...validation });
    expect(await plainAccuracy(join(runDir, 'model'), DATA)).toBe(test!.accuracy);

    const killed = await coordinator(join(await temporaryFolder(), 'run'), ...RUN);
    await reached(killed, 13);
    killed.program.child.kill('SIGKILL');
    await killed.program.ended;
    const again = await coordinator(killed.runDir, '--resume', '--local-lanes', '1');
    await again.program.ended;
    const [a, b] = [await summaryOf(runDir), await summaryOf(killed.runDir)];
    for (const name of ['steps', 'best', 'stoppedEarly', 'test', 'validation', 'weightsSha256'] as const)
      expect(b[name]).toEqual(a[name]);
    expect(metricsOf(killed.runDir)).toEqual(metricsOf(runDir));

    expect(b.reproducible.holds).toBe(true);

    // An end that was reached is reached again, and with more patience the run goes on.
    const more = await coordinator(killed.runDir, '--resume', '--patience', '5');
    await more.program.ended;
    expect((await summaryOf(killed.runDir)).steps).toBe(a.steps + 2 * 4);
  });

  it('is told that the test set decides, where no validation set does', async () => {
    const { program } = await coordinator(join(await temporaryFolder(), 'run'), '--patience', '1');
    await program.line(/the test set decides/);
  });
});
