/** The rule that `--robust` names. */
import type { RobustName } from '../../../shared/options.js';
import { CenteredClipping } from './clip.js';
import { median, trimmedMean } from './coordinates.js';
import type { RobustRule } from './rule.js';

export function createRobustRule(name: RobustName): RobustRule | undefined {
  switch (name) {
    case 'none':
      return undefined;
    case 'clip':
      return new CenteredClipping();
    case 'median':
      return { aggregate: (workers) => median(workers.map(({ gradient }) => gradient)) };
    case 'trimmed':
      return { aggregate: (workers) => trimmedMean(workers.map(({ gradient }) => gradient)) };
    default:
      return name satisfies never;
  }
}
