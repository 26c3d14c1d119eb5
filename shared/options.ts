/**
 * Every option of the coordinator and of the worker: name, kind, default, unit and meaning, in one block
 * each. The command line with its help, configuration files and the library all read these.
 *
 * `default: undefined` needs `otherwise`, which says what then decides: the model, or another option.
 */

import { LOSSES } from './losses.js';
import {
  either,
  fraction,
  type Kind,
  matching,
  notNegative,
  oneOf,
  positive,
  power,
  seconds,
  share,
  text,
  toggle,
  whole,
  word,
} from './option-kinds.js';
import { MAX_SHARDS } from './tree.js';

export const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad', 'lamb'] as const;
export const ROBUST_RULES = ['none', 'clip', 'median', 'trimmed'] as const;
export const VOLUNTEERS = ['none', 'tabs', 'all'] as const;
export const SCHEDULES = ['constant', 'step', 'exponential', 'cosine', 'linear', 'one-cycle'] as const;

const AUTH_MODES = ['tokens', 'none'] as const;

export interface OptionSpec<T, D extends T | undefined = T | undefined> {
  kind: Kind<T>;
  default: D;
  /** Said in the help where the default is undefined. */
  otherwise?: string;
  meaning: string;
  /**
   * `result`: decides the weights; a resumed run must keep it. `operation`: part of the configuration,
   * may change when a run is resumed. `call`: of this call only, never stored.
   */
  scope: 'result' | 'operation' | 'call';
}

/** Keeps each entry's own types. */
const block = <B extends Record<string, OptionSpec<unknown>>>(options: B): B => options;

const option = <T, const D extends T | undefined>(
  kind: Kind<T>,
  value: D,
  meaning: string,
  more: { otherwise?: string; scope?: OptionSpec<T>['scope'] } = {},
): OptionSpec<T, D extends undefined ? undefined : T> => ({
  kind,
  default: value as D extends undefined ? undefined : T,
  meaning,
  scope: 'result',
  ...more,
});

const operation = { scope: 'operation' } as const;
const call = { scope: 'call' } as const;
const modelDecides = { otherwise: "the model's own" } as const;

export const COORDINATOR_OPTIONS = block({
  // What is learnt
  data: option(
    text('SPEC'),
    'digits',
    'data set: digits, idx:DIR, cifar10:DIR, csv:FILE?label=COLUMN, text:FILE, ...',
  ),
  model: option(
    text('SPEC'),
    'mlp',
    'model: mlp[:UNITS,...], cnn, resnet, linear, lstm[:UNITS,...], gpt[:LAYERS,WIDTH,HEADS], or a FILE.json of TF.js layers',
  ),
  loss: option(oneOf('NAME', LOSSES), undefined, `loss: ${LOSSES.join(', ')}`, {
    otherwise: 'what fits the labels',
  }),
  seed: option(whole(0, 0xffffffff), 1, 'seed of initial weights, order of samples, and dropout'),

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
    'parts of a step, each computed as one; with a fixed number the result does not depend on the workers',
    { otherwise: 'the largest power of two up to 8 that leaves 16 samples a shard; auto with --robust' },
  ),
  shuffle: option(
    matching(
      'none|full|window:N',
      'none, full, or window:N with N chunks of at least 1',
      /^(none|full|window:[1-9]\d*)$/,
    ),
    'full',
    'order of samples: as stored; over the whole set; or within windows of N chunks, for data larger than a cache',
  ),

  // The update
  optimizer: option(
    oneOf('NAME', OPTIMIZERS),
    undefined,
    `rule of the update: ${OPTIMIZERS.join(', ')}`,
    modelDecides,
  ),
  lr: option(positive, undefined, 'learning rate', {
    otherwise: "the model's own, or the given optimizer's usual one",
  }),
  momentum: option(fraction, undefined, 'momentum, of sgd and rmsprop', { otherwise: '0.9 for sgd, else 0' }),
  nesterov: option(toggle, false, "Nesterov's form of momentum, of sgd"),
  dampening: option(fraction, 0, 'dampening of momentum, of sgd'),
  weightDecay: option(notNegative, undefined, 'weight decay', { otherwise: '0.01 for adamw, else 0' }),
  schedule: option(
    oneOf('NAME', SCHEDULES),
    undefined,
    `course of the learning rate: ${SCHEDULES.join(', ')}`,
    modelDecides,
  ),
  warmupSteps: option(whole(0), 0, 'steps over which the learning rate first rises linearly from 0'),
  clipNorm: option(notNegative, 0, "bound of the gradient's global norm; 0: none"),
  clipValue: option(notNegative, 0, "bound of each of the gradient's elements; 0: none"),
  averageDecay: option(fraction, 0, 'decay of a moving average of the weights, used for evaluation; 0: none'),

  // What is measured and kept
  evaluateEvery: option(
    either(whole(1), word('epoch')),
    'epoch',
    'steps between evaluations on the test set, or after each epoch; the end is always evaluated',
    operation,
  ),
  checkpointEvery: option(
    whole(0),
    100,
    'steps between checkpoints; 0: only when the run ends or is stopped',
    operation,
  ),
  keepCheckpoints: option(whole(1), 3, 'newest checkpoints that are kept', operation),
  runDir: option(text('DIR'), undefined, "folder of the run's files", {
    otherwise: 'runs/TIME-DATA-MODEL',
    scope: 'call',
  }),
  resume: option(toggle, false, 'go on with the run of --run-dir; its configuration is in the folder', call),
  startOrResume: option(
    toggle,
    false,
    '--resume if --run-dir holds a run, else start one: for what starts programs again, as containers',
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
    'tokens: who joins, watches or steers shows a token; none: whoever reaches the port may join and watch',
    { otherwise: 'none on a loopback address without a proxy, else tokens', scope: 'operation' },
  ),
  anyoneMayJoin: option(
    toggle,
    false,
    'no tokens, though other machines reach the port: anyone there may join, and read data and model',
    operation,
  ),
  tokens: option(text('FILE'), undefined, 'file of tokens, as `swarmgrad token` makes it', {
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
    'its private key in PEM form; both are read again when they change',
    {
      otherwise: 'none',
      scope: 'operation',
    },
  ),
  trustedProxy: option(
    text('ADDR,...'),
    undefined,
    'addresses or networks of reverse proxies, whose X-Forwarded-For and X-Forwarded-Proto are believed',
    { otherwise: 'none', scope: 'operation' },
  ),
  maxConnections: option(whole(1, 65_536), 1024, 'workers that may be connected at once', operation),
  maxConnectionsPerAddress: option(
    whole(1, 65_536),
    256,
    'workers that may be connected at once from one address',
    operation,
  ),
  port: option(whole(0, 65_535), 8790, 'TCP port to listen on; 0: any free port', operation),
  localWorkers: option(whole(0, 256), 0, 'worker processes to start on this machine', operation),
  localEngine: option(
    text('NAME'),
    'auto',
    'engine of the local workers; auto: the fastest that works',
    operation,
  ),
  minWorkers: option(whole(1), undefined, 'workers to wait for before the first step', {
    otherwise: '1, and 3 with --robust',
    scope: 'operation',
  }),
  engineClass: option(
    text('any|NAME'),
    'any',
    'engine class that every worker must have; any: all are let in',
  ),
  deadAfter: option(seconds, 10, 'seconds of silence after which a worker counts as dead', operation),

  // Who is believed
  volunteers: option(
    oneOf('WHO', VOLUNTEERS),
    'none',
    'who is a volunteer, and so not trusted, where nobody needs a token: none, tabs (whoever joins in a browser), or all',
    operation,
  ),
  auditRate: option(
    share,
    undefined,
    "least share of a volunteer's work that is computed again, by a trusted worker or here; 0: none is",
    { otherwise: '0.05, and 0 with --robust', scope: 'operation' },
  ),
  robust: option(
    oneOf('RULE', ROBUST_RULES),
    'none',
    'how gradients of workers are joined of which nobody is trusted: clip, median or trimmed; the result then depends on who computed what',
  ),

  // This call
  linger: option(toggle, false, 'go on serving after the run, until Ctrl-C', call),
});

export const WORKER_OPTIONS = block({
  name: option(text('NAME'), undefined, 'name by which people know this worker', {
    otherwise: 'host name and process id',
    scope: 'call',
  }),
  engine: option(
    text('auto|NAME'),
    'auto',
    'engine that computes, for example eager/wasm; auto: the fastest that works',
    call,
  ),
  token: option(
    text('TOKEN'),
    undefined,
    'token of the run; better given by the variable SWARMGRAD_TOKEN, which lists of processes do not show',
    { otherwise: 'SWARMGRAD_TOKEN, or what the file SWARMGRAD_TOKEN_FILE holds', scope: 'call' },
  ),
  ca: option(text('FILE'), undefined, "certificate in PEM form of the coordinator's authority, or its own", {
    otherwise: 'those that Node trusts',
    scope: 'call',
  }),
  threads: option(whole(1, 1024), 1, 'threads of the engine compiled/cpu; they belong to its class', call),
  giveUpAfter: option(
    notNegative,
    0,
    'seconds without a coordinator after which the worker ends with an error; 0: never',
    call,
  ),
  cacheDir: option(text('DIR'), undefined, 'folder that keeps fetched data between runs', {
    otherwise: "the system's cache folder",
    scope: 'call',
  }),
  cacheMb: option(whole(0), 2048, 'megabytes that the cache may hold; 0: nothing is kept', call),
});

/** Of the command line alone; both commands have them. */
export const TERMINAL_OPTIONS = block({
  quiet: option(toggle, false, 'no progress display and no log, only errors', call),
  verbose: option(toggle, false, 'more log, and stack traces', call),
});

export const FILE_OPTIONS = block({
  config: option(
    text('FILE'),
    undefined,
    'JSON file of options by their names in camelCase; flags win over it',
    {
      otherwise: 'none',
      scope: 'call',
    },
  ),
});

export type Options = Record<string, OptionSpec<unknown>>;
type KindOf<S> = S extends OptionSpec<infer T, infer _D> ? T : never;
/** What a user gives: any of the options. */
export type Given<B extends Options> = { [K in keyof B]?: KindOf<B[K]> | undefined };
/** With defaults filled in; undefined where a model or another option decides. */
export type Filled<B extends Options> = {
  [K in keyof B]: undefined extends B[K]['default'] ? KindOf<B[K]> | undefined : KindOf<B[K]>;
};

export type GivenCoordinatorOptions = Given<typeof COORDINATOR_OPTIONS>;
export type CoordinatorOptions = Filled<typeof COORDINATOR_OPTIONS>;
export type RobustName = (typeof ROBUST_RULES)[number];
export type OptimizerName = (typeof OPTIMIZERS)[number];
export type ScheduleName = (typeof SCHEDULES)[number];
