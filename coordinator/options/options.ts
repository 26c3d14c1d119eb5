/**
 * Every option of the coordinator. What there is to choose from, and what is usual, stands in the tables of sources,
 * models, optimizers, schedules and robust rules.
 */
import { EXTRA_METRICS, extraMetricsOf } from '../../shared/data/metrics.js';
import { LOSSES } from '../../shared/numerics/losses.js';
import { MAX_SHARDS } from '../../shared/numerics/tree.js';
import {
  block,
  call,
  type Filled,
  type Given,
  type OptionSpec,
  operation,
  option,
} from '../../shared/options/option.js';
import {
  either,
  engine,
  fraction,
  matching,
  notNegative,
  oneOf,
  positive,
  power,
  real,
  seconds,
  share,
  text,
  toggle,
  whole,
  word,
} from '../../shared/options/option-kinds.js';
import { MAX_LANES } from '../../shared/protocol/sizes.js';
import { TRANSPORTS } from '../../websocket/transport.js';
import { SOURCES } from '../prepare/data/sources/sources.js';
import { ZOO } from '../prepare/zoo/zoo.js';
import { FIGURE_NAMES } from '../run/watch/figures.js';
import { VOLUNTEERS } from '../trust/trust.js';
import { OPTIMIZER_NAMES, takersOf, usualOf } from '../update/optimizers/optimizers.js';
import { ROBUST_RULES } from '../update/robust/create.js';
import { SCHEDULES } from '../update/schedules.js';

const AUTH_MODES = ['tokens', 'none'] as const;

const modelDecides = { otherwise: "the model's own" } as const;
const takers = (option: Parameters<typeof takersOf>[0]) => takersOf(option).join(', ');

export const COORDINATOR_OPTIONS = block({
  // What is learned
  data: option(text('SPEC'), 'digits', `data set: ${SOURCES.map(({ usage }) => usage).join(', ')}`),
  model: option(
    text('SPEC'),
    'mlp',
    `model: ${ZOO.map(({ usage }) => usage).join(', ')}, or a FILE.json of TF.js layers`,
  ),
  from: option(
    text('RUN_DIR|DIR|FILE'),
    undefined,
    'train the model of a run further, of an export, or of a model file: in place of --model',
    { otherwise: 'none', scope: 'call' },
  ),
  freeze: option(
    text('PATTERN,...'),
    undefined,
    'layers of the model file that stay as they are, by their names: * stands for any letters',
    { otherwise: 'none' },
  ),
  head: option(
    toggle,
    false,
    "a new last layer for the classes of the data, in place of the model file's own",
  ),
  loss: option(oneOf('NAME', LOSSES), undefined, `loss: ${LOSSES.join(', ')}`, {
    otherwise: 'the one that fits labels and model',
  }),
  validation: option(
    real('a share above 0 and below 1', (value) => value > 0 && value < 1, 'SHARE'),
    undefined,
    'share of the training records that evaluations look at, drawn by --seed, a like part of each class; the test set is then evaluated once, at the end',
    { otherwise: 'none: evaluations look at the test set' },
  ),
  fold: option(
    matching('K/N', 'K/N with N of at least 2 and K from 1 to N', /^[1-9]\d*\/[1-9]\d*$/),
    undefined,
    'the K-th of N parts of the training records as validation set, instead of --validation: for cross-validation',
    { otherwise: '--validation decides' },
  ),
  seed: option(
    whole(0, 0xffffffff),
    1,
    'seed of initial weights, order of samples, dropout, and the draw of --validation',
  ),

  // How long, and in which pieces
  epochs: option(whole(1), undefined, 'passes over the training set', {
    otherwise: "the model's own, unless --steps is given",
    scope: 'operation',
  }),
  steps: option(whole(1), undefined, 'optimizer updates in all, instead of --epochs', {
    otherwise: '--epochs decides',
    scope: 'operation',
  }),
  batchSize: option(whole(1), undefined, 'samples of one step, over all workers', modelDecides),
  shards: option(
    either(power(MAX_SHARDS), word('auto')),
    undefined,
    'parts that each step is cut into; with a fixed number the result does not depend on the workers',
    { otherwise: 'the largest power of two up to 8 that leaves 16 samples a shard; auto with --robust' },
  ),
  shuffle: option(
    matching(
      'none|full|window:N',
      'none, full, or window:N with N chunks of at least 1',
      /^(none|full|window:[1-9]\d*)$/,
    ),
    'full',
    'how to shuffle samples: not at all, over the whole set, or within windows of N chunks (for data larger than a cache)',
  ),

  // The update
  optimizer: option(
    oneOf('NAME', OPTIMIZER_NAMES),
    undefined,
    `optimizer: ${OPTIMIZER_NAMES.join(', ')}`,
    modelDecides,
  ),
  lr: option(positive, undefined, 'learning rate', {
    otherwise: "the model's own, or the given optimizer's usual one",
  }),
  momentum: option(fraction, undefined, `momentum (${takers('momentum')})`, {
    otherwise: usualOf('momentum'),
  }),
  nesterov: option(toggle, false, `Nesterov momentum (${takers('nesterov')})`),
  dampening: option(fraction, 0, `dampening of momentum (${takers('dampening')})`),
  weightDecay: option(notNegative, undefined, 'weight decay', { otherwise: usualOf('weightDecay') }),
  schedule: option(
    oneOf('NAME', SCHEDULES),
    undefined,
    `learning-rate schedule: ${SCHEDULES.join(', ')}`,
    modelDecides,
  ),
  patienceLr: option(
    whole(0),
    undefined,
    'evaluations in a row without a better --monitor that --schedule plateau bears before it lowers the learning rate',
    { otherwise: '10 with --schedule plateau' },
  ),
  factor: option(
    real('a number above 0 and below 1', (value) => value > 0 && value < 1),
    undefined,
    'by which --schedule plateau multiplies the learning rate',
    { otherwise: '0.1 with --schedule plateau' },
  ),
  minLr: option(notNegative, undefined, 'below which --schedule plateau does not go', {
    otherwise: '0 with --schedule plateau',
  }),
  warmupSteps: option(whole(0), 0, 'steps over which the learning rate rises linearly from 0 at the start'),
  clipNorm: option(notNegative, 0, 'clip the global norm of the gradient to this; 0: no clipping'),
  clipValue: option(notNegative, 0, 'clip each element of the gradient to this; 0: no clipping'),
  averageDecay: option(
    fraction,
    0,
    'decay of a moving average of the weights, which evaluation uses; 0: no average',
  ),

  // What is measured and kept
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
    oneOf('NAME', FIGURE_NAMES),
    undefined,
    `figure of evaluations by which the best weights are known and kept: ${FIGURE_NAMES.join(', ')}`,
    {
      otherwise:
        'loss with --patience and --schedule plateau; model/ has the last weights without --patience',
    },
  ),
  metrics: option(
    {
      ...text('NAME,...'),
      must: `names of ${EXTRA_METRICS.join(', ')}, separated by commas`,
      read: (value) => (typeof value === 'string' && extraMetricsOf(value) ? value : undefined),
    },
    undefined,
    `what evaluations are scored by beside loss and accuracy or mean absolute error: ${EXTRA_METRICS.join(', ')}`,
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

  // Who takes part
  host: option(
    text('ADDR'),
    '127.0.0.1',
    'address to listen on; 0.0.0.0 lets other machines join',
    operation,
  ),
  auth: option(
    oneOf('tokens|none', AUTH_MODES),
    undefined,
    'tokens: joining, watching and steering need a token; none: anyone who reaches the port may join and watch',
    { otherwise: 'none on a loopback address without a proxy, else tokens', scope: 'operation' },
  ),
  anyoneMayJoin: option(
    toggle,
    false,
    'ask for no tokens although other machines reach the port: anyone there may join, and read data and model',
    operation,
  ),
  allowedHosts: option(
    text('HOST,...'),
    undefined,
    'host names that requests may use if no token is needed, beside localhost and --host; *: any',
    { otherwise: 'none; every IP address where --host is no loopback address', scope: 'operation' },
  ),
  tokens: option(text('FILE'), undefined, 'file of tokens, made by `swarmgrad token`', {
    otherwise: 'tokens.json in --run-dir',
    scope: 'operation',
  }),
  tlsCert: option(
    text('FILE'),
    undefined,
    'certificate (chain) in PEM form: https and wss on the same port',
    {
      otherwise: 'none: no encryption',
      scope: 'operation',
    },
  ),
  tlsKey: option(
    text('FILE'),
    undefined,
    'private key of the certificate in PEM form; both are reloaded when they change',
    {
      otherwise: 'none',
      scope: 'operation',
    },
  ),
  trustedProxy: option(
    text('ADDR,...'),
    undefined,
    'addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto to believe',
    { otherwise: 'none', scope: 'operation' },
  ),
  maxConnections: option(whole(1, 65_536), 1024, 'most workers connected at once', operation),
  maxConnectionsPerAddress: option(
    whole(1, 65_536),
    256,
    'most workers connected at once from one address',
    operation,
  ),
  transport: option(
    oneOf('own|ws', TRANSPORTS),
    'own',
    'what reads and writes WebSocket frames: our own code, or the slower package ws',
    operation,
  ),
  port: option(whole(0, 65_535), 8790, 'TCP port to listen on; 0: any free port', operation),
  localWorkers: option(whole(0, 256), 0, 'worker processes to start on this machine', operation),
  localLanes: option(
    either(word('auto'), whole(0, MAX_LANES)),
    0,
    'shards that this process computes itself at a time, without a connection; auto: as many as it may use processors, less one; a crash of an engine then ends the run, which --resume continues',
    operation,
  ),
  localEngine: option(
    engine('NAME', ['auto']),
    'auto',
    'engine of the local workers and lanes; auto: the fastest that works',
    operation,
  ),
  minWorkers: option(whole(1), undefined, 'workers to wait for before the first step', {
    otherwise: '1, and 3 with --robust',
    scope: 'operation',
  }),
  engineClass: option(
    engine('auto|any|NAME', ['auto', 'any'], true),
    'auto',
    'engine class that workers must have; auto: compiled/wasm for volunteers, whose bits can be checked, any for others; any: every class',
  ),
  // A heartbeat comes four times in it, and workers send none more often than every 250 ms.
  deadAfter: option(
    seconds(1, 86_400),
    10,
    'seconds of silence after which a worker counts as dead',
    operation,
  ),

  // Who is believed
  volunteers: option(
    oneOf('WHO', VOLUNTEERS),
    'none',
    'which workers are volunteers, and so not trusted, if no token is needed: none, tabs (who says that it is a browser), or all',
    operation,
  ),
  auditRate: option(
    share,
    undefined,
    "smallest share of a volunteer's work to recompute, by a trusted worker or the coordinator; 0: no audits",
    { otherwise: '0.05, and 0 with --robust', scope: 'operation' },
  ),
  robust: option(
    oneOf('RULE', ROBUST_RULES),
    'none',
    `how to aggregate gradients when no worker is trusted: ${ROBUST_RULES.join(', ')}; with a rule the result depends on who computed what`,
  ),

  // This call
  linger: option(toggle, false, 'keep serving after the run, until Ctrl-C', call),
});

export type GivenCoordinatorOptions = Given<typeof COORDINATOR_OPTIONS>;
export type CoordinatorOptions = Filled<typeof COORDINATOR_OPTIONS>;

/** The part of `options` that has one of `scopes`, without what is undefined: plain JSON. */
export function ofScope(
  options: GivenCoordinatorOptions,
  ...scopes: OptionSpec<unknown>['scope'][]
): GivenCoordinatorOptions {
  const kept = Object.entries(options).filter(([name, value]) => {
    const spec: OptionSpec<unknown> = COORDINATOR_OPTIONS[name as keyof CoordinatorOptions];
    return value !== undefined && scopes.includes(spec.scope);
  });
  return Object.fromEntries(kept);
}
