/** A run that is watched by a validation set: it ends by itself, wherever it was cut off, and leaves its best weights. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  coordinator,
  metricsOf,
  reached,
  summaryOf,
  swarmgrad,
  temporaryFolder,
} from '../support/cluster/cluster.js';
import { plainAccuracy } from '../support/models/plain-accuracy.js';

const DATA = 'digits?train=200&test=60';
const RUN = [
  ...['--data', DATA, '--model', 'linear', '--batch-size', '32', '--lr', '0.02', '--steps', '5000'],
  ...['--validation', '0.3', '--evaluate-every', '4', '--patience', '3', '--min-delta', '0.01'],
  ...['--metrics', 'f1,balanced-accuracy'],
  ...['--checkpoint-every', '10', '--keep-checkpoints', '1'],
  ...['--local-lanes', '1', '--local-engine', 'eager/cpu', '--schedule', 'constant'],
];

describe('a run with --schedule plateau', () => {
  it('lowers its rate at the same steps after a kill and a resume, to the same weights', async () => {
    const RUN = [
      ...['--data', DATA, '--model', 'linear', '--batch-size', '32', '--lr', '0.02', '--steps', '60'],
      ...['--schedule', 'plateau', '--patience-lr', '0', '--factor', '0.5', '--min-delta', '0.05'],
      ...[
        '--evaluate-every',
        '4',
        '--checkpoint-every',
        '10',
        '--local-lanes',
        '1',
        '--local-engine',
        'eager/cpu',
      ],
    ];
    const whole = await coordinator(join(await temporaryFolder(), 'run'), ...RUN);
    await whole.program.ended;
    expect(whole.program.stderr).toMatch(/learning rate 0.01 from step \d+ on, by the plateau schedule/);
    expect(whole.program.stderr).toContain('the test set decides');
    const killed = await coordinator(join(await temporaryFolder(), 'run'), ...RUN);
    await reached(killed, 25);
    killed.program.child.kill('SIGKILL');
    await killed.program.ended;
    const again = await coordinator(killed.runDir, '--resume', '--local-lanes', '1');
    await again.program.ended;
    const [a, b] = [await summaryOf(whole.runDir), await summaryOf(killed.runDir)];
    expect(b.weightsSha256).toBe(a.weightsSha256);
    expect(b.reproducible).toEqual(a.reproducible);
    expect(a.reproducible.holds).toBe(true);
    expect(metricsOf(killed.runDir)).toEqual(metricsOf(whole.runDir));
    const rates = metricsOf(whole.runDir).filter(({ type }) => type === 'change');
    expect(rates.length).toBeGreaterThan(1);
    expect(a.best).toBeUndefined();
  });
});

describe('a run with --validation and --patience', () => {
  it('ends before its last step, and its best weights are what is kept, evaluated and exported', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const { program } = await coordinator(runDir, ...RUN);
    expect(await program.ended).toBe(0);
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
      const evaluated = swarmgrad('evaluate', runDir, '--json', ...flags);
      expect(await evaluated.ended).toBe(0);
      const { step, accuracy, loss, samples, metrics } = JSON.parse(evaluated.stdout);
      return { step, accuracy, loss, samples, metrics };
    };
    expect(await evaluate()).toEqual(test);
    expect((await evaluate('--part', 'validation')).loss).toBe(best!.value);
    const last = await evaluate('--weights', 'last', '--part', 'validation');
    expect(last).toEqual({ step: steps, ...validation });
    expect(await plainAccuracy(join(runDir, 'model'), DATA)).toBe(test!.accuracy);
  });

  it('ends at the same step with the same weights after a kill and a resume', async () => {
    const whole = await coordinator(join(await temporaryFolder(), 'run'), ...RUN);
    await whole.program.ended;
    const killed = await coordinator(join(await temporaryFolder(), 'run'), ...RUN);
    await reached(killed, 13);
    killed.program.child.kill('SIGKILL');
    await killed.program.ended;
    const again = await coordinator(killed.runDir, '--resume', '--local-lanes', '1');
    await again.program.ended;
    const [a, b] = [await summaryOf(whole.runDir), await summaryOf(killed.runDir)];
    for (const name of ['steps', 'best', 'stoppedEarly', 'test', 'validation', 'weightsSha256'] as const)
      expect(b[name]).toEqual(a[name]);
    expect(metricsOf(killed.runDir)).toEqual(metricsOf(whole.runDir));

    expect(b.reproducible.holds).toBe(true);

    // An end that was reached is reached again, and with more patience the run goes on.
    const more = await coordinator(killed.runDir, '--resume', '--patience', '5');
    await more.program.ended;
    expect((await summaryOf(killed.runDir)).steps).toBe(a.steps + 2 * 4);
  });
});
