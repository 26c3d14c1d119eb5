/** The update rules by name. An optimizer is one file, and its row here. */
import { adagrad } from './adagrad.js';
import { adam, adamw } from './adam.js';
import { lamb } from './lamb.js';
import type { Optimizer, OptimizerKind, OptimizerOptions } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

const TABLE = [sgd, adam, adamw, rmsprop, adagrad, lamb] as const;

export type OptimizerName = (typeof TABLE)[number]['name'];

export const OPTIMIZERS: readonly OptimizerKind<OptimizerName>[] = TABLE;

export const OPTIMIZER_NAMES = OPTIMIZERS.map(({ name }) => name);

export const optimizerOf = (name: OptimizerName): OptimizerKind<OptimizerName> =>
  OPTIMIZERS.find((kind) => kind.name === name)!;

/** Those that take an option, by name. */
export const takersOf = (option: keyof OptimizerOptions): OptimizerName[] =>
  OPTIMIZERS.filter(({ takes }) => takes.includes(option)).map(({ name }) => name);

/** What an option is where a rule is chosen without it, in words. */
export function usualOf(option: 'momentum' | 'weightDecay'): string {
  const usual = OPTIMIZERS.filter(({ defaults }) => defaults[option]);
  return [...usual.map(({ name, defaults }) => `${defaults[option]} for ${name}`), 'else 0'].join(', ');
}

/** What is not given is left out: no momentum, no weight decay. */
export function createOptimizer({
  name,
  momentum = 0,
  nesterov = false,
  dampening = 0,
  weightDecay = 0,
}: { name: OptimizerName } & Partial<OptimizerOptions>): Optimizer {
  return optimizerOf(name).create({ momentum, nesterov, dampening, weightDecay });
}
