/**
 * Every option of the coordinator. What there is to choose from, and what is usual, stands in the tables of sources,
 * models, optimizers, schedules and robust rules.
 */
import {
  block,
  call,
  type Filled,
  type Given,
  type OptionSpec,
  option,
} from '../../shared/options/option.js';
import { toggle } from '../../shared/options/option-kinds.js';
import { LEARNING_OPTIONS } from './learning.js';
import { RECORDING_OPTIONS } from './recording.js';
import { ROUND_OPTIONS } from './rounds.js';
import { TAKING_PART_OPTIONS } from './taking-part.js';
import { UPDATE_OPTIONS } from './update.js';

export const COORDINATOR_OPTIONS = block({
  ...LEARNING_OPTIONS,
  ...UPDATE_OPTIONS,
  ...ROUND_OPTIONS,
  ...RECORDING_OPTIONS,
  ...TAKING_PART_OPTIONS,
  linger: option(toggle, false, 'keep serving after the run, until Ctrl-C', call),
});

/** The options of `swarmgrad coordinator`, in camelCase: any of them. */
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
