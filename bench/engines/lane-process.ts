/** A process with one lane, which computes a step each time it is told, and answers with the hash of its gradient. */
import { CASES } from '../support/cases.js';
import { LaneSteps } from './lane-steps.js';

const steps = await LaneSteps.start(CASES.find(({ model }) => model === process.argv[2])!, 1);
process.on('message', async () => {
  await steps.step();
  process.send!(steps.hash());
});
process.send!('ready');
