/** The formats of `swarmgrad export`: a row each. */
import { readFile } from 'node:fs/promises';
import type { RecordFormat } from '../../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';
import { atomically, jsonText, writeAll } from '../../folder/atomic-file.js';
import { writeLayersModel } from '../model-files.js';
import type { PortableModel } from '../portable-model.js';
import { type About, asTexts } from './about.js';
import { npz } from './npz.js';
import type { QuantizedWeights } from './quantize.js';
import { safetensors } from './safetensors.js';

export interface ExportRequest {
  model: PortableModel;
  records: RecordFormat;
  about: About;
  /** Only for TF.js. */
  quantized?: QuantizedWeights | undefined;
}

export interface ExportFormat {
  name: string;
  /** How names of its files end; a format without one is a folder of files. */
  ending?: string;
  /** Whether it holds weights by name, and no layers that a program would have to know. */
  isOfWeights?: true;
  /** What the help says of it. */
  what: string;
  /** @param path a file, or the folder where the format has no ending */
  write(path: string, request: ExportRequest): Promise<void>;
}

const toldOf = ({ model, about }: ExportRequest) => ({ ...about, ...model.metadata });

const save = (path: string, ...parts: Uint8Array[]): Promise<void> =>
  atomically(path, async (file) => {
    for (const part of parts) await writeAll(file, part);
  });

/** On a backend that computes at once. */
async function tensorFlow() {
  const { loadTensorFlow } = await import('../../../../engine/node/tensorflow.js');
  const tf = loadTensorFlow();
  tf.enableProdMode();
  await tf.setBackend('cpu');
  return tf;
}

export const FORMATS: readonly ExportFormat[] = [
  {
    name: 'tfjs',
    what: 'model.json and its weights, for tf.loadLayersModel',
    write: (dir, request) => {
      const { topology, weights, values } = request.model;
      const { buffer, byteOffset, byteLength } = values;
      return writeLayersModel(dir, {
        topology,
        metadata: toldOf(request),
        specs: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
        bytes: new Uint8Array(buffer, byteOffset, byteLength),
        ...request.quantized,
      });
    },
  },
  {
    name: 'onnx',
    ending: '.onnx',
    what: 'the forward pass as ONNX, opset 17, for any number of samples',
    async write(path, request) {
      const tf = await tensorFlow();
      const { onnxFile } = await import('../onnx/onnx-file.js');
      const { model, records } = request;
      await save(path, await onnxFile(tf, { model, records, metadata: asTexts(toldOf(request)) }));
    },
  },
  {
    name: 'safetensors',
    ending: '.safetensors',
    isOfWeights: true,
    what: 'the weights by name, for Python and Rust',
    write: (path, request) => {
      const { topology } = request.model;
      return save(path, ...safetensors(request.model, asTexts({ ...toldOf(request), topology })));
    },
  },
  {
    name: 'npz',
    ending: '.npz',
    isOfWeights: true,
    what: 'the weights by name, for numpy',
    write: (path, request) => {
      const { topology } = request.model;
      const others = {
        'metadata.json': jsonText(toldOf(request)),
        'topology.json': jsonText(topology),
      };
      return save(path, npz(request.model, others));
    },
  },
  {
    name: 'keras',
    ending: '.keras',
    what: 'layers and weights, for keras.models.load_model of Keras 3',
    async write(path, request) {
      const tf = await tensorFlow();
      const { kerasFile } = await import('./keras.js');
      await save(path, await kerasFile(tf, request.model, toldOf(request)));
    },
  },
];

/** Endings that other programs give their models, and that nothing here writes. */
const OTHER_ENDINGS = /\.(h5|hdf5|pt|pth|pb|tflite|ckpt|bin|mlmodel|pkl)$/i;

/** @param name of `--format`; undefined: by the ending of `--to`, or else TF.js. @throws UserError */
export function formatOf(name: string | undefined, to: string): ExportFormat {
  const names = FORMATS.map((format) => format.name);
  const byEnding = FORMATS.find(({ ending }) => ending && to.toLowerCase().endsWith(ending));
  if (name === undefined) {
    const other = OTHER_ENDINGS.exec(to);
    if (!byEnding && other)
      throw new UserError(`--to ${to}: ${other[0]} is not written; formats are ${names.join(', ')}`, 2);
    return byEnding ?? FORMATS[0]!;
  }
  const format = FORMATS.find((format) => format.name === name);
  if (!format)
    throw new UserError(
      `--format ${name} is not known; known are ${names.join(', ')}${didYouMean(name, names)}`,
      2,
    );
  if (byEnding && byEnding !== format)
    throw new UserError(
      `--to ${to} ends as files of ${byEnding.name} do, and --format is ${name}: give another name, or leave --format out`,
      2,
    );
  return format;
}

/** @throws UserError where the model is a program, and the format would need its layers */
export function refuseProgram(
  { module }: Pick<ModelDescription, 'module'>,
  { name, isOfWeights }: ExportFormat,
): void {
  if (!module || isOfWeights) return;
  const able = FORMATS.filter((format) => format.isOfWeights).map((format) => `--format ${format.name}`);
  throw new UserError(
    `--format ${name}: the model is a program (${module.name}), which has no layers or graph to write: ${able.join(' and ')} write its weights by name`,
    2,
  );
}

/** The text of a file; undefined where there is none. */
export const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
