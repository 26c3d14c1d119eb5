/** The model card: what people read of an export. Its front matter is that of Hugging Face's hub. */
import type { About } from './about.js';
import type { ExportFormat, ExportRequest } from './formats.js';

/** By this a card of ours is told from a text that somebody has written. */
export const MARK = '<!-- written by swarmgrad export -->';

/** @returns Markdown */
export function modelCard(format: ExportFormat, { about, model, quantized }: ExportRequest): string {
  const { metadata } = model;
  const { training, metrics, data } = about;
  const rows: [string, string | undefined][] = [
    ['model', `${about.model}, ${about.parameters.toLocaleString('en-US')} parameters`],
    ['loss', metadata?.loss],
    ['classes', shortened(metadata?.classes)],
    ['label', metadata?.label],
    ['inputs', shortened(metadata?.features)],
    ['shape of a sample', metadata && `[${metadata.input.shape.join(', ')}]`],
    ['scaling of values', metadata && SCALED[metadata.scaledBy]],
    ['data', data.name],
    ['SHA-256 of the training set', data.trainSha256],
    ['SHA-256 of the test set', data.testSha256],
    [
      'training',
      `${training.steps} steps, ${training.samples.toLocaleString('en-US')} samples, ${training.optimizer}, learning rate ${training.learningRate}, batches of ${training.batchSize}, seed ${training.seed}`,
    ],
    [
      'weights',
      training.averaged ? 'the moving average of those that were trained' : 'those after the last step',
    ],
    ['SHA-256 of the weights', about.weightsSha256],
    ['quantized', quantized && 'kernels and tables, as TF.js undoes it when it loads them'],
    ['license', about.license],
  ];
  const told = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
  return [
    ...frontMatter(format, about.license, metadata?.task),
    MARK,
    '',
    `# ${about.model}`,
    '',
    `Trained with ${about.generatedBy}; ${format.what}.`,
    '',
    '| | |',
    '| --- | --- |',
    ...told.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|').replace(/\s+/g, ' ')} |`),
    ...scoresOf('test', metrics.test, metrics.evaluatedAtStep),
    ...scoresOf('validation', metrics.validation, metrics.evaluatedAtStep),
    '',
  ].join('\n');
}

function scoresOf(set: string, scores: About['metrics']['test'], step: number | undefined): string[] {
  if (!scores) return [];
  const { samples, ...means } = scores;
  return [
    '',
    `On the ${set} set of ${samples.toLocaleString('en-US')} samples, after step ${step}:`,
    '',
    ...Object.entries(means).map(([name, value]) => `- ${name}: ${Number(value).toPrecision(4)}`),
  ];
}

const SCALED = {
  model: 'layers of the model do it: give values in the unit of the data',
  caller: 'whoever uses the model must scale values: metadata.json tells how',
  nobody: 'none',
};

function frontMatter(
  { name }: ExportFormat,
  license: string | undefined,
  task: string | undefined,
): string[] {
  const library = { tfjs: 'tfjs', onnx: 'onnx', keras: 'keras' }[name];
  return [
    '---',
    ...(library ? [`library_name: ${library}`] : []),
    ...(license ? [`license: ${JSON.stringify(license)}`] : []),
    ...(task ? [`tags: [swarmgrad, ${task}]`] : ['tags: [swarmgrad]']),
    '---',
  ];
}

/** The first of a long list, and how many there are. */
function shortened(names: readonly string[] | undefined): string | undefined {
  if (!names || names.length === 0) return undefined;
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name).slice(1, -1));
  return names.length > shown.length ? `${shown.join(', ')}, ... (${names.length})` : shown.join(', ');
}
