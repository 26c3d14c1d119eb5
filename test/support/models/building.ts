import type { Tuning } from '../../../coordinator/prepare/model/file/tune.js';
import type { BuildRequest, ModelSource } from '../../../coordinator/prepare/model/topology/request.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import type { LabelKind } from '../../../shared/data/manifest.js';
import type { LossName } from '../../../shared/numerics/losses.js';

interface Request {
  /** Shape of a record. */
  shape?: number[];
  /** Classes; 0: numbers to predict. */
  classes?: number;
  /** Any number of classes at once, in the place of `classes`. */
  label?: LabelKind & { kind: 'multilabel' };
  /** Their names. */
  names?: string[];
  loss?: LossName;
  tuning?: Tuning;
  /** File of the weights. */
  from?: string;
  seed?: number;
}

/** Builds a model for made data of that shape. */
export const build = (model: ModelSource, request: Request = {}) => buildTopology(requestOf(model, request));

export function requestOf(model: ModelSource, request: Request = {}): BuildRequest {
  const { shape = [4], classes = 3, names, loss, tuning, from, seed = 1 } = request;
  const size = shape.reduce((product, length) => product * length, 1);
  const label: LabelKind =
    request.label ?? (classes > 0 ? { kind: 'class', classes, ...(names && { names }) } : { kind: 'value' });
  const several = request.label?.classes;
  const count = 2;
  const batch = {
    count,
    x: Float32Array.from({ length: count * size }, (_, i) => Math.sin(i)),
    y: several
      ? new Uint8Array(count * several)
      : classes > 0
        ? Int32Array.of(0, 1)
        : Float32Array.of(0.5, -1),
  };
  return {
    model,
    data: {
      name: 'made',
      x: { shape, dtype: 'float32' },
      y: several
        ? { shape: [several], dtype: 'uint8' }
        : classes > 0
          ? { shape: [], dtype: 'int32' }
          : { shape: [1], dtype: 'float32' },
      label,
      normalisation: { scale: 1, mean: [0], std: [1] },
      first: [batch],
      trainRecords: 2,
      testRecords: 2,
    },
    loss,
    tuning,
    from,
    seed,
  };
}
