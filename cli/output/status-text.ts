/** A status as text for `swarmgrad status`. */
import { printable } from '../../shared/printable.js';
import type { Status } from '../../shared/status/status.js';
import { count, duration, known } from './format.js';
import { scores, workerRows } from './progress-text.js';

/** @param json from the network: names and reasons in it are others' words, and stand in a terminal soon */
export function readStatus(json: string): Status {
  return JSON.parse(json, (_, value) => (typeof value === 'string' ? printable(value) : value)) as Status;
}

export function statusText(status: Status): string {
  const { state, message, runDir, step, steps, epoch, batchSize, samplesPerSecond, secondsLeft, shards } =
    status;
  const left = known(secondsLeft, duration);
  const lines = [
    `state    ${message || state}`,
    `run      ${runDir}`,
    `step     ${count(step)}/${count(steps)}  epoch ${epoch}  batch ${count(batchSize)}  ${left} left`,
    `scores   ${scores(status)}`,
    `speed    ${count(samplesPerSecond)} samples/s`,
    `shards   ${count(shards.counted)} counted  ${count(shards.reissued)} reissued  ${count(shards.rejected)} rejected  ${count(shards.duplicates)} duplicates`,
  ];
  const rows = workerRows(status);
  return [...lines, '', ...(rows.length > 0 ? rows : ['no workers'])].join('\n');
}
