import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../test/support/refusal.js';
import { metricsCsv, metricsForTensorBoard, metricsOf } from './run-metrics.js';

const root = temporaryFolder();
let folders = 0;

function runOf(text: string): string {
  const dir = join(root, String(folders++));
  mkdirSync(dir);
  writeFileSync(join(dir, 'config.json'), '{}');
  writeFileSync(join(dir, 'metrics.jsonl'), text);
  return dir;
}

const step = (n: number) =>
  JSON.stringify({ type: 'step', step: n, loss: 1 / n, learningRate: 0.1, time: n });
const evaluation = (n: number) =>
  JSON.stringify({ type: 'evaluation', step: n, loss: 2, top5: null, time: n });
const change = JSON.stringify({ type: 'change', step: 2, what: 'pause', time: 2 });
const RUN = [step(1), step(2), evaluation(2), change, step(3), step(4), evaluation(4)].join('\n');

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

describe('the metrics of a run', () => {
  it('are the lines of its file, of the steps each N-th', async () => {
    const lines = await all(metricsOf(runOf(`${RUN}\n`), 2));
    expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
      ...['step 2', 'evaluation 2', 'change 2', 'step 4', 'evaluation 4'],
    ]);
  });

  it('as CSV have a column for each number that any line has', async () => {
    const dir = runOf(`${RUN}\n`);
    expect(await all(metricsCsv(() => metricsOf(dir, 2)))).toEqual([
      'type,step,loss,learningRate,time,top5',
      'step,2,0.5,0.1,2,',
      'evaluation,2,2,,2,',
      'step,4,0.25,0.1,4,',
      'evaluation,4,2,,4,',
    ]);
  });

  it('end before a last line that is not whole yet', async () => {
    expect(await all(metricsOf(runOf(`${RUN}\n{"type":"st`), 1))).toHaveLength(7);
  });

  it('are refused where a line in the middle is none, by its number', async () => {
    expect(await refusalOf(all(metricsOf(runOf(`${step(1)}\nfoo\n${step(2)}\n`), 1)))).toContain('line 2');
  });

  it('are refused where there is no run, or no step yet', async () => {
    expect(await refusalOf(all(metricsOf(join(root, 'nowhere'), 1)))).toContain('holds no run');
    const dir = join(root, 'new');
    mkdirSync(dir);
    writeFileSync(join(dir, 'config.json'), '{}');
    expect(await refusalOf(all(metricsOf(dir, 1)))).toContain('has no metrics yet');
  });

  it('become event files once, and are not mixed with others', async () => {
    const dir = runOf(`${RUN}\n`);
    const to = join(dir, 'events');
    expect(await metricsForTensorBoard(dir, to, 1)).toBe(6);
    expect(readdirSync(to)).toEqual(['test', 'train']);
    expect(await refusalOf(metricsForTensorBoard(dir, to, 1))).toContain('has event files already');
  });
});
