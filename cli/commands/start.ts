/** `swarmgrad start`, which is `npm start`: a whole cluster on this machine, in one command. */
import type { Command } from 'commander';
import { addCoordinatorFlags, coordinatorOptions } from '../input/coordinator-flags.js';
import { runCoordinator } from './coordinator.js';

const LOCAL_WORKERS = 2;
/** The model that learns the embedded digits. */
const MODEL = 'cnn';

export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description(
      `a coordinator with ${LOCAL_WORKERS} local workers, which goes on serving after the run, until Ctrl-C`,
    );
  addCoordinatorFlags(command)
    .option('--no-linger', 'end with the run')
    .action(() => {
      const given = coordinatorOptions(command);
      // Other data may be no images, and a run that goes on has its model.
      const model =
        given.data === undefined && !given.resume && given.from === undefined ? { model: MODEL } : {};
      return runCoordinator({ localWorkers: LOCAL_WORKERS, linger: true, ...model, ...given }, command);
    });
}
