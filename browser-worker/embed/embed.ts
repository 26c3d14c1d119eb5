/**
 * swarmgrad/browser: lets visitors of one's own page contribute to a run, if they want to. No page of ours is needed.
 *
 * @module swarmgrad/browser
 */
import {
  type ContributeOptions as AnyContributeOptions,
  type Contribution,
  createContribution as create,
} from '../tab/contribute.js';

export type { ContributionState, LossPoint, Phase, Settings } from '../contribution-state.js';
export type { Contribution } from '../tab/contribute.js';

/** How this page's visitors contribute, and where. */
export interface ContributeOptions extends AnyContributeOptions {
  /**
   * The coordinator's address, as `https://train.example.org`. It must allow the origin of this page
   * (`--allow-origin`). From a page on https, it must be https, or on the visitor's own machine.
   */
  coordinator: string;
}

/**
 * Contributes nothing before `start` is called: ask the visitor first. Computing goes on in workers of the browser,
 * the page stays free.
 * @throws TypeError for what is no address
 */
export function createContribution({ coordinator, ...options }: ContributeOptions): Contribution {
  const { protocol, href } = new URL(coordinator);
  if (!/^https?:$/.test(protocol))
    throw new TypeError(`the coordinator's address begins with http:// or https://, unlike ${coordinator}`);
  return create({ ...options, coordinator: href.replace(/[?#].*$/, '').replace(/\/$/, '') });
}
