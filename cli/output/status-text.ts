/** A status as text for `swarmgrad status`. */
import { printable } from '../../shared/printable.js';
import type { StatusView } from '../../shared/status/monitoring.js';
import { isOver } from '../../shared/status/status.js';
import { bitsText, healthWord } from '../../shared/status/told-figures.js';
import { count, duration, known, significant } from './format.js';
import { scores, stepText, workerRows } from './progress-text.js';

/** @param json from the network: names and reasons in it are others' words, and stand in a terminal soon */
export function readStatus(json: string): StatusView {
  return JSON.parse(json, (_, value) => (typeof value === 'string' ? printable(value) : value)) as StatusView;
}

export function statusText(status: StatusView): string {
  const { state, message, runDir, epoch, batchSize, samplesPerSecond, secondsLeft } = status;
  const { shards, learningRate, health, reproducible } = status;
  const timeLeft = known(secondsLeft, duration);
  const lines = [
    `state    ${message || state}`,
    `run      ${runDir}`,
    `${stepText(status, count).replace(' ', status.localSteps === null ? '     ' : '    ')}  epoch ${epoch}  batch ${count(batchSize)}  ${timeLeft} left`,
    `scores   ${scores(status)}`,
    `speed    ${count(samplesPerSecond)} samples/s  learning rate ${known(learningRate, significant)}`,
    `health   ${healthWord(health)}: ${health.reason}`,
    ...(reproducible ? [`bits     ${bitsText(reproducible, isOver(state))}: ${reproducible.why}`] : []),
    `shards   ${count(shards.counted)} counted  ${count(shards.reissued)} reissued  ${count(shards.rejected)} rejected  ${count(shards.duplicates)} duplicates`,
  ];
  const rows = workerRows(status);
  const { node, browser } = status.workerCounts;
  const left = node + browser - status.workers.length;
  if (left > 0)
    rows.push(`and ${count(left)} more: GET /api/workers?from=${status.workers.length}&search=TEXT`);
  return [...lines, '', ...(rows.length > 0 ? rows : ['no workers'])].join('\n');
}
