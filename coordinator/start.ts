/** Options in, a running coordinator out: part after part, each made from those before it. */
import { messageOf } from '../shared/user-error.js';
import { createMonitor } from './monitor/create-monitor.js';
import { EventLog } from './monitor/event-log.js';
import { moduleFile } from './prepare/model/module/module-model.js';
import { prepare } from './prepare/prepare.js';
import { builtFile } from './record/folder/built-file.js';
import { authOf } from './server/access/mode.js';
import { openDoor } from './server/in-process/door.js';
import { type RunningCoordinator, runningCoordinator, serveRun } from './server/serve-run.js';
import { Cleanup } from './setup/cleanup.js';
import { createLifecycle } from './setup/create-lifecycle.js';
import { openRun, type StartCoordinatorOptions } from './setup/open-run.js';
import { createTraining } from './setup/training.js';

export type { RunningCoordinator } from './server/serve-run.js';
export type { StartCoordinatorOptions } from './setup/open-run.js';

/**
 * Starts a coordinator and its run; resolves as soon as workers can join.
 * @param preparing hears what is being done until then, as it begins: a start takes seconds
 * @throws UserError for options, data or a model that cannot be used
 */
export async function startCoordinator(
  options: StartCoordinatorOptions = {},
  preparing: (what: string) => void = () => undefined,
): Promise<RunningCoordinator> {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup, preparing);
  } catch (error) {
    // Whatever runs already would keep the process alive. What is told is why it could not start.
    await cleanup.run().catch(() => undefined);
    throw error;
  }
}

async function start(
  options: StartCoordinatorOptions,
  cleanup: Cleanup,
  preparing: (what: string) => void,
): Promise<RunningCoordinator> {
  const events = new EventLog();
  // The run's folder, configuration and checkpoint.
  const opened = await openRun(options, authOf, events, cleanup);
  const { folder, lock } = opened;
  // Its data and model, and the objects that workers fetch.
  const { configuration, data, model, loss, ownMetrics, stored } = opened;
  const prepared = await prepare(
    { ...configuration, data, loss, ownMetrics, modelFile: moduleFile(configuration.model) },
    model,
    {
      cache: builtFile(folder.built),
      storedWeights: stored?.sections.get('weights'),
      preparing,
    },
  );
  for (const note of prepared.notes) events.tell(note);
  // What trains: trust, pipeline, swarm and progress.
  const training = await createTraining(opened, prepared, events, cleanup);
  // What watches and steers that: curves, events, control.
  const watch = await createMonitor(opened, prepared, training, events);
  // What leads the run from its start to its files.
  const led = await createLifecycle(opened, prepared, training, watch, events);
  // What others reach: workers, pages, admins.
  const { server, status, continuations } = await serveRun(opened, prepared, led, watch, cleanup);
  // Only now can nothing of the user's be wrong any more.
  await opened.claimFolder();
  await server.save();
  const cacheSaved = prepared
    .saveBuildCache()
    .catch((error) => events.warn(`what was built of the model is not kept: ${messageOf(error)}`));
  const { lifecycle } = led;
  const finished = lifecycle.start().finally(() => Promise.all([cacheSaved, lock.release()]));
  const door = openDoor(led.run.core, prepared.objects);
  return runningCoordinator({
    runDir: folder.dir,
    door,
    server,
    events,
    lifecycle,
    status,
    continuations,
    finished,
    cleanup,
  });
}
