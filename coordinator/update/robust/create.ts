/** The rule that `--robust` names. */
import { randomBytes } from 'node:crypto';
import type { RunEvent } from '../../../shared/status/events.js';
import { CenteredClipping } from './clip.js';
import { median, trimmedMean } from './coordinates.js';
import type { RobustRule } from './rule.js';

type Create = (options: { secret: readonly number[]; tell(event: RunEvent): void }) => RobustRule | undefined;

const RULES = {
  none: () => undefined,
  clip: (options) => new CenteredClipping(options),
  median: () => ({ aggregate: (workers) => median(workers.map(({ gradient }) => gradient)) }),
  trimmed: () => ({ aggregate: (workers) => trimmedMean(workers.map(({ gradient }) => gradient)) }),
} satisfies Record<string, Create>;

export type RobustName = keyof typeof RULES;
export const ROBUST_RULES = Object.keys(RULES) as RobustName[];

export const createRobustRule = (
  name: RobustName,
  tell: (event: RunEvent) => void,
  secret: readonly number[] = [...randomBytes(16)],
): RobustRule | undefined => RULES[name]({ secret, tell });
