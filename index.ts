/**
 * swarmgrad as a library: a coordinator, and workers that join it, within one's own program.
 *
 * @module swarmgrad
 */

import { COORDINATOR_OPTIONS } from './coordinator/options/options.js';
import {
  type RunningCoordinator,
  type StartCoordinatorOptions,
  startCoordinator as start,
} from './coordinator/start.js';
import { toldToProgram } from './shared/options/in-camel-case.js';

export type { GivenCoordinatorOptions } from './coordinator/options/options.js';
export type {
  OwnArrays,
  OwnDataSet,
  OwnIterable,
  OwnNamedArrays,
  OwnNamedDataSet,
  OwnNamedIterable,
  OwnNamedRecord,
  OwnNamedRecords,
  OwnRecord,
  OwnRecords,
  OwnValues,
} from './coordinator/prepare/data/arrays/own/own-data-set.js';
export type {
  ModuleInitializer,
  ModuleParameter,
  ModuleParameters,
} from './coordinator/prepare/model/module/parameters.js';
export type { ModelFunction } from './coordinator/prepare/model/topology/request.js';
export type { LossPerOutput } from './coordinator/prepare/model/traced/loss-per-output.js';
export type {
  LossOption,
  LossSource,
  OwnFunction,
  PerSampleFunction,
} from './coordinator/prepare/model/traced/own-function.js';
export type { OwnMetrics } from './coordinator/prepare/model/traced/own-metrics.js';
export type { ModelShapes, OutputShapes } from './coordinator/prepare/zoo/model.js';
export type { Scores, Summary } from './coordinator/record/folder/summary.js';
export type { Continuation } from './coordinator/run/continuation.js';
export type { FigureName, OutputFigure } from './coordinator/run/watch/figures.js';
export type { Totals } from './coordinator/scheduling/totals.js';
export type { FirstTokens } from './coordinator/server/access/access.js';
export type { RunningCoordinator, StartCoordinatorOptions } from './coordinator/start.js';
export type { Ban, TrustRecord } from './coordinator/trust/reputation.js';
export type { NormalizationArgs } from './shared/models/layers/corrected/normalization.js';
export type { Forward, ForwardGiven, ForwardRecord } from './shared/models/layers/define-by-run.js';
export type { InitializerConfig, LayerClass } from './shared/models/layers/layer.js';
export { registerLayers } from './shared/models/layers.js';
export type { LossName, MetricName } from './shared/numerics/losses.js';
export type {
  InProcessConnection,
  InProcessDoor,
  InProcessEvents,
  WhichWeights,
} from './shared/protocol/in-process.js';
export type { WorkerKind } from './shared/protocol/messages.js';
export type { WorkerRole } from './shared/protocol/roles.js';
export type { Happening, Level, LoggedEvent, OfWorker, RunEvent } from './shared/status/events.js';
export type { Change } from './shared/status/monitoring.js';
export type {
  CheckpointStatus,
  Health,
  RunState,
  ShardCounters,
  Status,
  WorkerStatus,
} from './shared/status/status.js';
export type { WorkerEvent, WorkerHappening } from './shared/status/worker-events.js';
export { UserError } from './shared/user-error.js';
export {
  type CommonOptions,
  type RunningWorker,
  type StartWorkerOptions,
  startWorker,
  startWorkerWithin,
} from './worker/node/start.js';

/**
 * Starts a coordinator and its run; resolves as soon as workers can join.
 * @param preparing hears what is being done until then, as it begins: a start takes seconds
 * @throws UserError for options, data or a model that cannot be used, which calls options as programs write them
 */
export async function startCoordinator(
  options: StartCoordinatorOptions = {},
  preparing?: (what: string) => void,
): Promise<RunningCoordinator> {
  return start(options, preparing).catch((error: unknown) => {
    throw toldToProgram(error, COORDINATOR_OPTIONS);
  });
}
