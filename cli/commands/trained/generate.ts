/** `swarmgrad generate RUN_DIR`: text that a run's model makes up, character by character. */
import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { Random } from '../../../shared/numerics/random.js';
import {
  keptWeights,
  loadProgram,
  modelFileFlag,
  type WhichWeights,
  weightsFlag,
} from '../../tasks/kept-weights.js';

interface Flags {
  prompt?: string;
  length: number;
  temperature: number;
  seed: number;
  weights?: WhichWeights;
  modelFile?: string;
}

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('text that a model trained on text makes up')
    .argument('<run-dir>', "the run's folder")
    .option('--prompt <TEXT>', 'what the text begins with (default: a new line)')
    .option('--length <N>', 'characters to add', whole, 500)
    .option('--temperature <X>', 'above 0: how daring; 0: always the likeliest character', notNegative, 0.8)
    .option('--seed <N>', 'the same seed gives the same text', whole, 1)
    .addOption(weightsFlag())
    .addOption(modelFileFlag())
    .action(generate);
}

async function generate(runDir: string, flags: Flags): Promise<void> {
  const { prompt, length, temperature, seed } = flags;
  const kept = await keptWeights(runDir, flags.weights);
  await loadProgram(kept, flags.modelFile);
  const { state, weights } = kept;
  const { openGenerator } = await import('../../tasks/text-generator.js');
  const generator = await openGenerator({ model: state.model, records: state.records, weights });
  try {
    const sampling = { length, temperature, random: new Random(seed) };
    await pipeline(generator.text(prompt, sampling), process.stdout, { end: false });
    process.stdout.write('\n');
  } catch (error) {
    // A reader that has enough (`| head`) is no error.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  } finally {
    generator.dispose();
  }
}

function whole(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

function notNegative(text: string): number {
  const value = Number(text || Number.NaN);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number of at least 0.');
}
