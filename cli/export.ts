/** `swarmgrad export RUN_DIR --to DIR`: the trained model as TF.js files. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { lastWeights } from './last-weights.js';

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the model of a run, with its latest weights, for tf.loadLayersModel')
    .argument('<run-dir>', "the run's folder")
    .requiredOption('--to <DIR>', 'folder for model.json and its weights')
    .action(async (runDir: string, { to }: { to: string }) => {
      const { state, weights } = await lastWeights(runDir);
      const { writeModelFiles } = await import('../coordinator/record/model-files.js');
      await writeModelFiles(resolve(to), state.model, weights);
      console.log(`${resolve(to)}: the model of ${runDir} after ${state.progress.step} steps`);
    });
}
