/** The rule that `--robust` names. */
import { randomBytes } from 'node:crypto';
import type { RobustName } from '../../../shared/options.js';
import type { RunEvent } from '../../../shared/status.js';
import { CenteredClipping } from './clip.js';
import { median, trimmedMean } from './coordinates.js';
import type { RobustRule } from './rule.js';

export function createRobustRule(
  name: RobustName,
  tell: (event: RunEvent) => void,
  secret: readonly number[] = [...randomBytes(16)],
): RobustRule | undefined {
  switch (name) {
    case 'none':
      return undefined;
    case 'clip':
      return new CenteredClipping({ secret, tell });
    case 'median':
      return { aggregate: (workers) => median(workers.map(({ gradient }) => gradient)) };
    case 'trimmed':
      return { aggregate: (workers) => trimmedMean(workers.map(({ gradient }) => gradient)) };
    default:
      return name satisfies never;
  }
}
