/** `swarmgrad export RUN_DIR --to PATH`: the trained model in a format that other programs read. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UserError } from '../../../shared/user-error.js';
import { type KeptWeights, keptWeights, type WhichWeights, weightsFlag } from '../../tasks/kept-weights.js';

interface Flags {
  to: string;
  format?: string;
  asTrained?: true;
  quantize?: 'float16' | 'uint8';
  license?: string;
  weights?: WhichWeights;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the model of a run for other programs')
    .argument('<run-dir>', "the run's folder")
    .requiredOption('--to <PATH>', 'a folder, or a file whose ending names the format')
    .option(
      '--format <NAME>',
      'tfjs, onnx, keras, safetensors or npz (default: by the ending of --to, otherwise tfjs)',
    )
    .option('--as-trained', 'without the layers that scale values as the data were')
    .addOption(weightsFlag())
    .addOption(
      new Option(
        '--quantize <TYPE>',
        'kernels of tfjs in fewer bits; tells what the size and the accuracy become',
      ).choices(['float16', 'uint8']),
    )
    .option('--license <ID>', 'license of the model, for its card, such as apache-2.0')
    .action(exportModel);
}

async function exportModel(runDir: string, flags: Flags): Promise<void> {
  const { formatOf, refuseProgram } = await import('../../../coordinator/record/model/formats/formats.js');
  const to = resolve(flags.to);
  const format = formatOf(flags.format, to);
  if (flags.quantize && format.name !== 'tfjs')
    throw new UserError(
      `--quantize is for --format tfjs, which undoes it as it loads: ${format.name} has float32`,
      2,
    );
  const run = await keptWeights(runDir, flags.weights);
  const { state, weights, averaged } = run;
  refuseProgram(state.model, format);
  const { asTrained, portableModel } = await import('../../../coordinator/record/model/portable-model.js');
  const { aboutOf } = await import('../../../coordinator/record/model/formats/about.js');
  const { quantize } = await import('../../../coordinator/record/model/formats/quantize.js');
  const { writeExport } = await import('../../../coordinator/record/model/formats/write-export.js');
  // A program scales for itself, and no layer can be put in front of it.
  const build = flags.asTrained || state.model.module ? asTrained : portableModel;
  const model = build(state.model, weights, state.records);
  const quantized = flags.quantize && quantize(model, flags.quantize);
  const about = aboutOf(state, weights, { averaged, license: flags.license });
  const { path, bytes, notes } = await writeExport(to, format, {
    ...{ model, records: state.records, about, quantized },
  });
  for (const note of notes) console.error(note);
  console.log(
    `${path}: the model of ${runDir} after ${state.progress.step} steps, ${format.what}; ${size(bytes)}`,
  );
  if (!quantized) return;
  const whole = 4 * model.values.length;
  console.log(`weights: ${size(whole)} -> ${size(quantized.bytes.length)} as ${flags.quantize}`);
  if (quantized.left.length > 0)
    console.log(`left as float32, which float16 cannot hold: ${quantized.left.join(', ')}`);
  console.log(await accuracies(run, quantized.values.slice(0, weights.length)));
}

/** On the run's own test set, with its own weights and with those that a loader gets. */
async function accuracies(
  { state, configuration, weights }: KeptWeights,
  loaded: Float32Array,
): Promise<string> {
  const { evaluateOn } = await import('../../tasks/evaluate-on.js');
  const { metricOf } = await import('../../../shared/numerics/losses.js');
  const { metricUnitOf } = await import('../../../shared/data/manifest.js');
  const metric = metricOf(state.model.loss);
  const spec = configuration.data!;
  const one = async (values: Float32Array) => {
    const { totals } = await evaluateOn({
      ...{ spec, part: 'test', model: state.model, records: state.records, weights: values, engine: 'auto' },
    });
    return ((totals.metric / totals.samples) * metricUnitOf(state.records.label)).toPrecision(4);
  };
  try {
    return `${metric} on the test set: ${await one(weights)} -> ${await one(loaded)}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `what the ${metric} becomes is not known: the run's data cannot be read (${error.message})`;
  }
}

const size = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
