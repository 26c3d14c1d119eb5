/** `swarmgrad predict RUN_DIR|MODEL_DIR INPUT...`: what a model says of records without labels. */
import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { hasSeveralOutputs } from '../../../shared/data/named-parts.js';
import { sizeOf } from '../../../shared/numerics/shape.js';
import { UserError } from '../../../shared/user-error.js';
import { predictionLines } from '../../output/prediction-text.js';
import { modelFileFlag, type WhichWeights, weightsFlag } from '../../tasks/kept-weights.js';

interface Flags {
  json?: true;
  top?: number;
  weights?: WhichWeights;
  modelFile?: string;
}

export function addPredict(program: Command): void {
  program
    .command('predict')
    .description(
      'classes with their probabilities, or numbers in the unit of the label, for rows without labels',
    )
    .argument('<model>', "a run's folder, or one that export --format tfjs wrote")
    .argument(
      '[input...]',
      'tables with the columns of training (CSV, JSON Lines, Parquet), arrays (NPY, NPZ), pictures or a folder of them; FILE?delimiter=semicolon gives options, - is standard input',
    )
    .option('--top <K>', 'classes that are told of each row, the likeliest first (default: 1)', atLeastOne)
    .addOption(weightsFlag())
    .addOption(modelFileFlag())
    .option('--json', 'one JSON object a line, instead of CSV')
    .action(predict);
}

async function predict(dir: string, given: string[], flags: Flags): Promise<void> {
  const { json, top } = flags;
  const { listInputs, nameOfInput, readInputs, STDIN } = await import('../../tasks/predict/inputs.js');
  if (given.length === 0 && process.stdin.isTTY)
    throw new UserError('predict needs INPUT: a file, or rows on standard input', 2);
  const inputs = given.length === 0 ? [STDIN] : await listInputs(given);
  const { openModel } = await import('../../tasks/predict/open-model.js');
  const { predictions } = await import('../../tasks/predict/predictions.js');
  const opened = await openModel(dir, flags);
  const { label, y, named } = opened.records;
  const outputs = hasSeveralOutputs(named)
    ? named.outputs.map(({ name, label, shape }) => ({ name, label, outputs: sizeOf(shape) }))
    : [{ label, outputs: sizeOf(y.shape) }];
  if (top !== undefined && outputs.every(({ label }) => label.kind !== 'class'))
    throw new UserError(
      `--top is for one class a row: this model ${label.kind === 'value' ? 'predicts numbers' : 'tells the probability of every class'}`,
      2,
    );
  const hasFiles = inputs.length > 1;
  const lines = predictionLines(outputs, { json: json === true, top: top ?? 1, hasFiles });
  async function* text(): AsyncGenerator<string> {
    let isFirst = true;
    const told = new Set<string>();
    for (const input of inputs) {
      const records = await readInputs(input, opened.records);
      for (const note of records.notes.filter((note) => !told.has(note))) console.error(note);
      for (const note of records.notes) told.add(note);
      // Not before there is something to tell: an input that cannot be read leaves standard output empty.
      if (isFirst && lines.head) yield `${lines.head}\n`;
      isFirst = false;
      let at = 0;
      for await (const values of predictions(opened, records))
        yield `${lines.line(hasFiles ? nameOfInput(input) : undefined, records.rows[at++]!, values)}\n`;
    }
  }
  try {
    await pipeline(text(), process.stdout, { end: false });
  } catch (error) {
    // A reader that has enough (`| head`) is no error.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

function atLeastOne(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}
