/**
 * A model as Keras 3 stores it (`.keras`): a ZIP archive of its configuration and an HDF5 file of weights, for
 * `keras.models.load_model`. Only layers that compute the same in TF.js and in Keras 3 are written, all others are
 * refused by name; regularizers and constraints, which matter in training alone, are left out.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { zipSync } from 'fflate';
import { loadBlank } from '../../../../shared/models/load.js';
import { snakeCase } from '../../../../shared/models/snake-case.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import { jsonText } from '../../folder/atomic-file.js';
import type { PortableModel } from '../portable-model.js';
import { kerasConfig } from './keras-config.js';

type H5 = typeof import('h5wasm/node');

/** Stored beside, whatever Keras reads it: the first version of this format. */
const KERAS_VERSION = '3.0.0';

/** @throws UserError for a layer that Keras 3 has not, and where `h5wasm` is not installed */
export async function kerasFile(
  tf: typeof TensorFlow,
  model: PortableModel,
  metadata: object,
): Promise<Uint8Array> {
  const config = kerasConfig(model.topology);
  const h5 = await loadH5();
  const layers = await loadBlank(tf, model.topology);
  try {
    return zipSync(
      {
        'metadata.json': jsonText({ keras_version: KERAS_VERSION, date_saved: savedAt(new Date()) }),
        'config.json': Buffer.from(JSON.stringify(config)),
        'model.weights.h5': await weightsFile(h5, layers, model),
        // Keras leaves what it does not know alone.
        'swarmgrad.json': jsonText(metadata),
      },
      { level: 0 },
    );
  } finally {
    layers.dispose();
  }
}

async function loadH5(): Promise<H5> {
  try {
    const h5 = await import('h5wasm/node');
    await h5.ready;
    return h5;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError('--format keras needs h5wasm: npm install h5wasm', 2);
  }
}

/** As Keras writes it. */
const savedAt = (now: Date): string => now.toISOString().slice(0, 19).replace('T', '@');

/** The weights of each layer under the name of its class, counted as Keras counts. */
async function weightsFile(
  h5: H5,
  layers: TensorFlow.LayersModel,
  model: PortableModel,
): Promise<Uint8Array> {
  const values = valuesByName(model);
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-keras-'));
  try {
    const path = join(folder, 'weights.h5');
    const file = new h5.File(path, 'w');
    try {
      const counts = new Map<string, number>();
      for (const layer of layers.layers) {
        const kind = layer.getClassName();
        const base = snakeCase(kind);
        const count = counts.get(base) ?? 0;
        counts.set(base, count + 1);
        if (layer.weights.length === 0) continue;
        const own = `layers/${count === 0 ? base : `${base}_${count}`}${RECURRENT.has(kind) ? '/cell' : ''}/vars`;
        let group: { create_group(name: string): unknown } = file;
        for (const name of own.split('/'))
          group = (child(group, name) ?? group.create_group(name)) as typeof group;
        for (const [i, { originalName, shape }] of layer.weights.entries())
          (group as unknown as Group).create_dataset({
            ...{ name: String(i), data: values.get(originalName)!, dtype: '<f' },
            shape: shape as number[],
          });
      }
    } finally {
      file.close();
    }
    return new Uint8Array(await readFile(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Group = InstanceType<H5['Group']>;

function child(group: object, name: string): object | undefined {
  return (group as Group).keys().includes(name) ? ((group as Group).get(name) as object) : undefined;
}

/** Their weights are those of a cell within. */
const RECURRENT: ReadonlySet<string> = new Set(['LSTM', 'GRU', 'SimpleRNN']);

function valuesByName({ weights, values }: PortableModel): Map<string, Float32Array> {
  let at = 0;
  return new Map(
    weights.map(({ name, shape }) => {
      const own = values.slice(at, at + sizeOf(shape));
      at += own.length;
      return [name, own];
    }),
  );
}
