/** The model of a run, or of a folder that `export` wrote, ready to predict by TF.js. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { loadTensorFlow } from '../../../engine/node/tensorflow.js';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import { hasSeveralOutputs } from '../../../shared/data/named-parts.js';
import { registerLayers } from '../../../shared/models/layers.js';
import { loadBlank } from '../../../shared/models/load.js';
import { writeWeights } from '../../../shared/models/write-weights.js';
import type { LossName } from '../../../shared/numerics/losses.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { useBackend } from '../inference-backend.js';
import { keptWeights, loadProgram, type WhichWeights } from '../kept-weights.js';
import { exportedRecords } from './exported-records.js';

export interface OpenModel {
  tf: typeof TensorFlow;
  model: TensorFlow.LayersModel;
  /** Of each output, in the order of the run's data. */
  losses: LossName[];
  /** How what it is fed is made. */
  records: RecordFormat;
}

export interface Wanted {
  weights?: WhichWeights | undefined;
  /** Of a model that is a program, where the run's file lies no more where it lay. */
  modelFile?: string | undefined;
}

/** @throws UserError where the folder holds neither, or a model of text */
export async function openModel(dir: string, { weights: which, modelFile }: Wanted): Promise<OpenModel> {
  const isRun = existsSync(join(dir, 'config.json'));
  const file = join(dir, 'model.json');
  if (!isRun && !existsSync(file))
    throw new UserError(
      `${dir} holds no run (no config.json) and no exported model (no model.json): give the folder of a run, or one that \`swarmgrad export --format tfjs\` wrote`,
      2,
    );
  if (!isRun && which)
    throw new UserError(`--weights ${which} is for the folder of a run: ${dir} holds one model`, 2);
  const tf = loadTensorFlow();
  await useBackend(tf);
  registerLayers(tf);
  if (!isRun && modelFile !== undefined)
    throw new UserError(`--model-file is for the folder of a run: ${dir} holds the model whole`, 2);
  const opened = isRun ? await modelOfRun(tf, dir, which, modelFile) : await exportedModel(tf, file, dir);
  const { label, y, named } = opened.records;
  const ofPositions = hasSeveralOutputs(named)
    ? named.outputs.find((part) => part.label.kind === 'class' && part.shape.length > 0)
    : label.kind === 'class' && y.shape.length > 0;
  if (ofPositions)
    throw new UserError(
      `the model in ${dir} gives a class for each of ${(ofPositions === true ? y : ofPositions).shape.join(' x ')} positions, as of text: \`swarmgrad generate\` writes text, and \`export --format onnx\` gives all probabilities`,
      2,
    );
  return { tf, ...opened };
}

async function modelOfRun(
  tf: typeof TensorFlow,
  dir: string,
  which: WhichWeights | undefined,
  modelFile: string | undefined,
): Promise<Omit<OpenModel, 'tf'>> {
  const kept = await keptWeights(dir, which);
  await loadProgram(kept, modelFile);
  const { state, weights } = kept;
  const model = await loadBlank(tf, state.model.topology);
  writeWeights(tf, model, state.model.weights, weights);
  const losses = state.model.outputs?.map(({ loss }) => loss) ?? [state.model.loss];
  return { model, losses, records: state.records };
}

interface ModelFile {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: TensorFlow.io.WeightsManifestEntry[] }[];
  userDefinedMetadata?: { swarmgrad?: unknown };
}

async function exportedModel(
  tf: typeof TensorFlow,
  file: string,
  dir: string,
): Promise<Omit<OpenModel, 'tf'>> {
  try {
    const json = JSON.parse(await readFile(file, 'utf8')) as ModelFile;
    const weightSpecs = json.weightsManifest.flatMap(({ weights }) => weights);
    const paths = json.weightsManifest.flatMap(({ paths }) => paths);
    const outside = paths.find((path) => basename(path) !== path);
    if (outside !== undefined) throw new Error(`${outside} is not in the folder`);
    const parts = await Promise.all(paths.map((path) => readFile(join(dir, path))));
    const weightData = new Uint8Array(Buffer.concat(parts)).buffer;
    const { modelTopology } = json;
    const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
    const outputShape = model.outputs[0]!.shape.slice(1) as number[];
    return { model, ...exportedRecords(file, json.userDefinedMetadata?.swarmgrad, outputShape) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} cannot be read: ${messageOf(error)}; export the model again`, 2);
  }
}
