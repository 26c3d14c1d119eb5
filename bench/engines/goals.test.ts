import { describe, expect, it } from 'vitest';
import { goalRows } from './goals.js';

const row = (model: string, engine: string, ms: number, threads = 1) => {
  const figures = { ms, min: ms / 2, cpuMin: ms / 4 };
  return { name: `${model} ${engine}`, model, engine, threads, ...figures };
};

describe('the goals of the engines', () => {
  it('compare the median with the better of the layouts', () => {
    const rows = [
      row('cnn', 'compiled/cpu', 8),
      row('cnn', 'pytorch', 10),
      row('cnn', 'pytorch/channels_last', 16),
    ];
    const ratios = { times: 0.8, timesLeast: 0.8, timesCpu: 0.8 };
    expect(goalRows(rows)).toEqual([{ name: 'goal cnn', model: 'cnn', goal: 0.75, ...ratios, met: false }]);
  });

  it('are met at the goal itself', () => {
    const [met] = goalRows([row('gpt', 'compiled/cpu', 9), row('gpt', 'pytorch', 10)]);
    expect(met).toMatchObject({ times: 0.9, met: true });
  });

  it('leave out two threads, other engines, and models that PyTorch was not measured beside', () => {
    const rows = [
      row('mlp', 'compiled/cpu', 1),
      row('lstm', 'compiled/wasm', 9),
      row('lstm', 'compiled/cpu', 2),
      row('lstm', 'compiled/cpu', 1, 2),
      row('lstm', 'pytorch', 1),
      row('lstm', 'pytorch', 9, 2),
    ];
    expect(goalRows(rows)).toMatchObject([{ model: 'lstm', times: 2, met: false }]);
  });
});
