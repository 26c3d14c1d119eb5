/** A model of one layer that runs the program of a module. */
import { basename, extname, resolve } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { loadModule } from '../../../../engine/node/module/load-module.js';
import type { ModelModule } from '../../../../shared/models/layers/model-module.js';
import { registerLayers } from '../../../../shared/models/layers.js';
import type { DataShapes } from '../../data/source.js';
import type { ModelShapes } from '../../zoo/model.js';
import { parametersOf } from './parameters.js';

/** Endings of a module's file. */
const MODULES = /\.m?js$/i;

/** Whether `--model` names a module. */
export const isModelModule = (model: string): boolean => MODULES.test(model);

/** The file of the program of the model that an option names; undefined: it is none. */
export const moduleFile = (model: string | undefined): string | undefined =>
  model !== undefined && isModelModule(model) ? resolve(model) : undefined;

/** @throws UserError that names the file */
export async function moduleModel(
  tf: typeof TensorFlow,
  file: string,
  shapes: ModelShapes,
  { y, label }: DataShapes,
): Promise<{ built: TensorFlow.LayersModel; module: ModelModule }> {
  const { module, parameters } = await loadModule(file, '--model');
  const { DefineByRun } = registerLayers(tf);
  const layer = new DefineByRun({
    name: layerName(file),
    batchInputShape: [null, ...shapes.inputShape],
    module,
    parameters: parametersOf(tf, parameters, shapes, `--model ${file}`),
    outputShape:
      label.kind === 'value' && y.shape.length > 0 ? y.shape : [...positionsOf(label, y), shapes.outputs],
  });
  return { built: tf.sequential({ layers: [layer] }), module };
}

/** A class for each position, or one for the record. */
const positionsOf = (label: DataShapes['label'], y: DataShapes['y']): readonly number[] =>
  label.kind === 'class' ? y.shape : [];

/** Its parameters are named after it: `tree_rnn/kernel`. */
const layerName = (file: string): string =>
  basename(file, extname(file))
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '') || 'module';
