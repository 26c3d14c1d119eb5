/** What a training step of each model may take of PyTorch's, one thread, in the better of PyTorch's layouts. */
import type { BenchResult } from '../support/question.js';

const GOALS: Readonly<Record<string, number>> = { mlp: 1, cnn: 0.75, resnet: 1, lstm: 1, gpt: 0.9 };

/**
 * A row for each model that PyTorch was measured beside: how many times PyTorch's `times` the median is, and by the
 * least and the least of processor time, which a loaded machine tells more surely. `met` goes by the median.
 *
 * @param rows of the engines, each with `model`, `engine`, `threads`, `ms`, `min` and `cpuMin`
 */
export function goalRows(rows: readonly BenchResult[]): BenchResult[] {
  return Object.entries(GOALS).flatMap(([model, goal]) => {
    const own = rows.filter((row) => row.model === model && row.threads === 1);
    const ours = own.find(({ engine }) => engine === 'compiled/cpu');
    const theirs = own.filter(({ engine }) => String(engine).startsWith('pytorch'));
    if (!ours || theirs.length === 0) return [];
    const times = (figure: string) =>
      (ours[figure] as number) / Math.min(...theirs.map((row) => row[figure] as number));
    const ratios = { times: times('ms'), timesLeast: times('min'), timesCpu: times('cpuMin') };
    return [{ name: `goal ${model}`, model, goal, ...ratios, met: ratios.times <= goal }];
  });
}
