/** `swarmgrad export RUN_DIR --to DIR`: the trained model as TF.js files. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { keptWeights, type WhichWeights, weightsFlag } from '../tasks/kept-weights.js';

interface Flags {
  to: string;
  asTrained?: true;
  weights?: WhichWeights;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the model of a run for tf.loadLayersModel')
    .argument('<run-dir>', "the run's folder")
    .requiredOption('--to <DIR>', 'folder for model.json and its weights')
    .option('--as-trained', 'without the layers that scale values as the data were')
    .addOption(weightsFlag())
    .action(async (runDir: string, { to, asTrained, weights: which }: Flags) => {
      const { state, weights } = await keptWeights(runDir, which);
      const { writeModelFiles } = await import('../../coordinator/record/model/model-files.js');
      await writeModelFiles(resolve(to), state.model, weights, asTrained ? undefined : state.records);
      console.log(`${resolve(to)}: the model of ${runDir} after ${state.progress.step} steps`);
    });
}
