/** `swarmgrad start`, which is `npm start`: a whole cluster on this machine, in one command. */
import type { Command } from 'commander';
import { runCoordinator } from './coordinator.js';
import { addCoordinatorFlags, coordinatorOptions } from './coordinator-flags.js';

const LOCAL_WORKERS = 2;
/** For the embedded images. */
const MODEL = 'cnn';

export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description(
      `a coordinator with ${LOCAL_WORKERS} local workers; without any option it goes on serving after the run, until Ctrl-C`,
    );
  addCoordinatorFlags(command).action(() => {
    const given = coordinatorOptions(command);
    const linger = Object.keys(command.opts()).length === 0;
    // Other data may be no images, and a run that goes on has its model.
    const model = given.data === undefined && !given.resume ? { model: MODEL } : {};
    return runCoordinator({ localWorkers: LOCAL_WORKERS, linger, ...model, ...given }, command);
  });
}
