/** swarmgrad as a library: a coordinator, and workers that join it, within one's own program. */

export type { Summary } from './coordinator/record/folder/summary.js';
export {
  type RunningCoordinator,
  type StartCoordinatorOptions,
  startCoordinator,
} from './coordinator/start.js';
export { registerLayers } from './shared/models/layers.js';
export type { LoggedEvent, RunEvent } from './shared/status/events.js';
export type { Status } from './shared/status/status.js';
export { UserError } from './shared/user-error.js';
export {
  type RunningWorker,
  type StartWorkerOptions,
  startWorker,
  startWorkerWithin,
} from './worker/node/start.js';
