/** `swarmgrad export RUN_DIR --to DIR`: the trained model as TF.js files. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { lastWeights } from '../tasks/last-weights.js';

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the model of a run, with its latest weights, for tf.loadLayersModel')
    .argument('<run-dir>', "the run's folder")
    .requiredOption('--to <DIR>', 'folder for model.json and its weights')
    .option('--as-trained', 'without the layers that scale values as the data were')
    .action(async (runDir: string, { to, asTrained }: { to: string; asTrained?: true }) => {
      const { state, weights } = await lastWeights(runDir);
      const { writeModelFiles } = await import('../../coordinator/record/model/model-files.js');
      await writeModelFiles(resolve(to), state.model, weights, asTrained ? undefined : state.records);
      console.log(`${resolve(to)}: the model of ${runDir} after ${state.progress.step} steps`);
    });
}
