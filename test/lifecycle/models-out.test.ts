/** `swarmgrad export` and `predict`, as a user calls them: each says of the same rows what `evaluate` counts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printedHere } from '../support/cluster/here.js';
import { temporaryFolder } from '../support/files/temporary-folder.js';

const dir = temporaryFolder();

/** Rows of two numbers, and what is to be said of them. */
function tableOf(name: string, label: (a: number, b: number) => string | number): string {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [a, b] = [Math.sin(i * i) * 50, 1000 + (i % 17)];
    return [a.toFixed(3), b, label(a, b)].join();
  });
  const path = join(dir, name);
  writeFileSync(path, `a,b,answer\n${rows.join('\n')}\n`);
  return path;
}

const train = (data: string, runDir: string) =>
  printedHere(
    ...['coordinator', '--data', data, '--model', 'mlp:8', '--steps', '60', '--lr', '0.02'],
    ...['--batch-size', '32', '--port', '0', '--local-lanes', '1', '--local-engine', 'compiled/cpu'],
    ...['--run-dir', runDir],
  );

describe('what a model predicts', () => {
  it('of classes is right as often as evaluate counts, from the run and from its exports', async () => {
    const file = tableOf('classes.csv', (a, b) => (a > 0 ? 'up' : b > 1008 ? 'high' : 'low'));
    const run = join(dir, 'classes');
    await train(file, run);
    const { accuracy } = JSON.parse(
      await printedHere('evaluate', run, '--data', file, '--part', 'all', '--json'),
    );
    await printedHere('export', run, '--to', join(dir, 'tfjs'));
    await printedHere('export', run, '--to', join(dir, 'as-trained'), '--as-trained');
    const answers = tableAnswers(file);
    const told = await printedHere('predict', run, file);
    for (const text of [
      told,
      await printedHere('predict', join(dir, 'tfjs'), file),
      await printedHere('predict', join(dir, 'as-trained'), file),
    ]) {
      const [head, ...lines] = text.trim().split('\n');
      expect(head).toBe('row,class,probability');
      const right = lines.filter((line, i) => line.split(',')[1] === answers[i]);
      expect(right.length / answers.length).toBeCloseTo(accuracy, 10);
    }
    expect(accuracy).toBeGreaterThan(0.5);
  });

  it('of numbers is as far off as evaluate says', async () => {
    const file = tableOf('numbers.csv', (a, b) => (3 * a + (b - 1000) * 10 + 5000).toFixed(2));
    const run = join(dir, 'numbers');
    await train(`csv:${file}?task=regression`, run);
    const spec = `csv:${file}?task=regression`;
    const evaluated = JSON.parse(
      await printedHere('evaluate', run, '--data', spec, '--part', 'all', '--json'),
    );
    const answers = tableAnswers(file).map(Number);
    const lines = (await printedHere('predict', run, file, '--json')).trim().split('\n');
    const errors = lines.map((line, i) => Math.abs(JSON.parse(line).prediction - answers[i]!));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(Math.abs(mean / evaluated.meanAbsoluteError - 1)).toBeLessThan(1e-4);
  });
});

const tableAnswers = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').at(-1)!);
