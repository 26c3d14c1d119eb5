/** What a model is built from, and what is built of it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Program } from '../../../../engine/compiled/program.js';
import type { Probe } from '../../../../shared/engines/probe.js';
import type { ModelDescription } from '../../../../shared/models/description.js';
import type { ModelShapes } from '../../zoo/model.js';
import type { Tuning } from '../file/tune.js';
import type { LossSource } from '../traced/own-function.js';
import type { ScoreRequest } from '../traced/own-metrics.js';
import type { RunSizes } from './graph-sizes.js';
import type { DataHead } from './reference.js';

/** Builds a model for the shapes of the data. */
export type ModelFunction = (tensorflow: typeof TensorFlow, shapes: ModelShapes) => TensorFlow.LayersModel;

/** A name of the zoo with its arguments, the path of a model file, a function, or a model built before. */
export type ModelSource = string | ModelFunction | ModelDescription;

export interface BuildRequest {
  model: ModelSource;
  data: DataHead;
  /** A name, or the user's own. */
  loss: LossSource | undefined;
  /** Of several outputs, what the loss of each counts: `OUTPUT=X,...`. */
  lossWeights?: string | undefined;
  /** What changes the loss: of a model that was built before, its own counts. */
  labelSmoothing?: number | undefined;
  classWeights?: number[] | undefined;
  seed: number;
  /** What of a model's file is trained further; a model built before has it done already. */
  tuning?: Tuning | undefined;
  /** What evaluations count besides; undefined: nothing. */
  scores?: ScoreRequest | undefined;
  /** The file of the model's first weights, if it is not the model's own. */
  from?: string | undefined;
  /** The file of the program of a model that was built before, where it is one. */
  modelFile?: string | undefined;
  /** If it is absent, no graphs are traced. */
  run?: RunSizes;
}

export interface BuiltModel {
  description: ModelDescription;
  /** The flat vector, in model order. */
  weights: Float32Array;
  probe: Probe;
  program: Program;
  /** What people should know of how the model's file was read. */
  notes: string[];
}
