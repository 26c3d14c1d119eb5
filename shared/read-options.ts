/** From unknown values to options, with errors of one line that name the option, the value and the remedy. */
import {
  COORDINATOR_OPTIONS,
  type CoordinatorOptions,
  type Filled,
  type Given,
  type GivenCoordinatorOptions,
  type OptimizerName,
  type OptionSpec,
  type Options,
} from './options.js';
import { UserError } from './user-error.js';

/** How the user wrote the names: `--batch-size`, or `batchSize` (with where: a file, a function). */
export type Spelling = 'flag' | { where: string };

export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;

/**
 * Checks each value and turns text into numbers. `undefined` counts as not given.
 * @throws UserError for a name that is no option, and for a value that its option does not take
 */
export function readOptions<B extends Options>(block: B, raw: unknown, spelling: Spelling): Given<B> {
  const where = spelling === 'flag' ? '' : `${spelling.where}: `;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new UserError(`${where}must hold one object of options, for example {"batchSize": 128}`, 2);
  }
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (!Object.hasOwn(block, name)) throw new UserError(`${where}${unknownOption(block, name)}`, 2);
    if (value === undefined) continue;
    const { kind } = block[name]!;
    given[name] = kind.read(value);
    if (given[name] === undefined) {
      const shown = spelling === 'flag' ? flagOf(name) : name;
      throw new UserError(`${where}${shown} must be ${kind.must}, not ${show(value)}`, 2);
    }
  }
  return given as Given<B>;
}

/** All options of the block, `given` over the defaults. */
export function withDefaults<B extends Options>(block: B, given: Given<B>): Filled<B> {
  const filled = Object.entries(block).map(([name, spec]) => [name, given[name as keyof B] ?? spec.default]);
  return Object.fromEntries(filled) as Filled<B>;
}

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

/** Where an optimizer is chosen without the options that go with it (PyTorch's defaults, but for `lr`). */
export const OPTIMIZER_DEFAULTS: Record<
  OptimizerName,
  { lr: number; momentum: number; weightDecay: number }
> = {
  sgd: { lr: 0.05, momentum: 0.9, weightDecay: 0 },
  adam: { lr: 0.001, momentum: 0, weightDecay: 0 },
  adamw: { lr: 0.001, momentum: 0, weightDecay: 0.01 },
  rmsprop: { lr: 0.001, momentum: 0, weightDecay: 0 },
  adagrad: { lr: 0.01, momentum: 0, weightDecay: 0 },
  lamb: { lr: 0.002, momentum: 0, weightDecay: 0 },
};

/** Robust rules mean nothing with fewer. */
export const ROBUST_WORKERS = 3;

/**
 * Checks what options mean for each other, as far as they are known; to be called again once the model
 * has decided the rest.
 * @throws UserError
 */
export function checkTogether(options: GivenCoordinatorOptions): void {
  const { epochs, steps, resume, startOrResume, runDir, optimizer, momentum, nesterov, dampening } = options;
  const refuse = (problem: string) => {
    throw new UserError(problem, 2);
  };
  if (epochs !== undefined && steps !== undefined) {
    refuse('--epochs and --steps both say how long to train: give one of them');
  }
  const { robust, shards, auditRate, minWorkers } = options;
  if (robust !== undefined && robust !== 'none') {
    if (shards !== undefined && shards !== 'auto') {
      refuse(`--robust ${robust} compares workers, of which each has a part of its own: leave --shards out`);
    }
    if (auditRate) {
      refuse(`--robust ${robust} is for runs in which nobody is trusted to audit: leave --audit-rate out`);
    }
    if (minWorkers !== undefined && minWorkers < ROBUST_WORKERS) {
      refuse(
        `--robust ${robust} needs --min-workers ${ROBUST_WORKERS} or more: with fewer, nobody is the odd one out`,
      );
    }
  }
  if (resume && runDir === undefined) refuse('--resume needs --run-dir DIR: which run is to go on');
  if (startOrResume && runDir === undefined)
    refuse('--start-or-resume needs --run-dir DIR: which run is meant');
  if (momentum && optimizer && optimizer !== 'sgd' && optimizer !== 'rmsprop') {
    refuse(`--momentum ${momentum} means nothing to ${optimizer}: leave it out, or use sgd or rmsprop`);
  }
  for (const [flag, value] of [
    ['--nesterov', nesterov],
    ['--dampening', dampening],
  ] as const) {
    if (value && optimizer && optimizer !== 'sgd')
      refuse(`${flag} means nothing to ${optimizer}: leave it out, or use sgd`);
    if (value && momentum === 0) refuse(`${flag} needs --momentum above 0`);
  }
  if (nesterov && dampening) refuse('--nesterov goes without --dampening: leave one of them out');
}

function unknownOption(block: Options, name: string): string {
  const plain = (text: string) => text.replace(/[^a-z0-9]/gi, '').toLowerCase();
  const similar = Object.keys(block).find((known) => plain(known) === plain(name));
  const remedy = similar ? `did you mean ${similar}?` : `known are ${Object.keys(block).join(', ')}`;
  return `unknown option ${name}; ${remedy}`;
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value) ?? String(value);
}
