/** What is measured and kept: evaluations, checkpoints, the folder of the run. */
import { EXTRA_METRICS } from '../../shared/data/metrics.js';
import { block, call, operation, option } from '../../shared/options/option.js';
import {
  either,
  notNegative,
  oneOf,
  positive,
  text,
  toggle,
  whole,
  word,
} from '../../shared/options/option-kinds.js';
import { splitMetrics } from '../prepare/model/traced/own-metrics.js';
import { FIGURE_NAMES, type FigureName, figureNamed } from '../run/watch/figures.js';

export const RECORDING_OPTIONS = block({
  evaluateEvery: option(
    either(whole(1), word('epoch')),
    'epoch',
    'steps between evaluations on the test set (or that of --validation), or epoch: after each epoch; the end is always evaluated',
    operation,
  ),
  patience: option(
    whole(1),
    undefined,
    'end the run after so many evaluations in a row without a better --monitor, and leave the best weights in model/',
    { otherwise: 'all steps are made', scope: 'operation' },
  ),
  monitor: option(
    {
      ...oneOf<FigureName>('NAME', FIGURE_NAMES as FigureName[]),
      read: (value) => (typeof value === 'string' ? figureNamed(value) : undefined),
    },
    undefined,
    `figure of evaluations by which the best weights are known and kept: ${FIGURE_NAMES.join(', ')}`,
    {
      otherwise:
        'loss with --patience and --schedule plateau; model/ has the last weights without --patience',
    },
  ),
  metrics: option(
    {
      ...text('NAME|FILE.mjs,...'),
      must: `names of ${EXTRA_METRICS.join(', ')} (as top5), or FILE.mjs of your own, separated by commas`,
      read: (value) => (typeof value === 'string' && splitMetrics(value) ? value : undefined),
    },
    undefined,
    `what evaluations are scored by beside loss and accuracy or mean absolute error: ${EXTRA_METRICS.join(', ')} (as top5), or a FILE.mjs that exports { name: ({ tf }) => (yTrue, yPred) => a number for each sample }`,
    { otherwise: 'nothing', scope: 'operation' },
  ),
  minDelta: option(notNegative, 0, 'by how much --monitor must be better than the best one to count'),
  checkpointEvery: option(
    whole(0),
    100,
    'steps between checkpoints; 0: only when the run ends or is stopped',
    operation,
  ),
  keepCheckpoints: option(whole(1), 3, 'how many of the newest checkpoints to keep', operation),
  tensorboard: option(
    toggle,
    false,
    'write curves, histograms of the weights and pictures of mistakes for TensorBoard, to tensorboard/ in --run-dir',
    operation,
  ),
  runDir: option(text('DIR'), undefined, "folder of the run's files", {
    otherwise: 'runs/TIME-DATA-MODEL',
    scope: 'call',
  }),
  resume: option(toggle, false, 'continue the run of --run-dir, with the configuration in that folder', call),
  resumeLr: option(positive, undefined, 'peak of the learning rate from the resumed step on', {
    otherwise: 'the one it has',
    scope: 'call',
  }),
  startOrResume: option(
    toggle,
    false,
    'resume if --run-dir holds a run, else start one: for supervisors that restart programs, such as containers',
    call,
  ),
});
