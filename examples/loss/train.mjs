// The same run from a program of one's own: the loss is a function there.
import { startCoordinator, startWorkerWithin } from 'swarmgrad';
import metrics from './below.mjs';
import quantile from './quantile.mjs';

const coordinator = await startCoordinator({
  data: 'csv:deliveries.csv?label=minutes&task=regression',
  model: 'linear',
  loss: quantile,
  metrics,
  optimizer: 'adam',
  lr: 0.05,
  batchSize: 32,
  epochs: 6,
  runDir: 'from-program',
  port: 0,
});
const worker = startWorkerWithin(coordinator.door);
const { weightsSha256, test } = await coordinator.finished;
await worker.finished;
console.log(`${(100 * test.metrics.below).toFixed(0)} % of the deliveries came before the promised minute`);
console.log(`weights ${weightsSha256}`);
await coordinator.close();
