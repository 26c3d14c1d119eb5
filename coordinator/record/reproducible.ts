/** Whether a run's weights follow from its configuration alone: what `summary.json` promises, and why not. */
import { isOfGpu, isSameEverywhere } from '../../shared/engines/engines.js';
import type { Change } from '../../shared/status/monitoring.js';
import type { AuditCounts } from '../trust/reputation.js';
import type { RobustName } from '../update/robust/create.js';

export interface Grounds {
  shards: number | 'auto';
  /** `--robust`; undefined: none. */
  robust: RobustName | undefined;
  /** The engine classes of all workers that took part. */
  engineClasses: ReadonlySet<string>;
  /** What came of audits. */
  audits: Pick<AuditCounts, 'unseen' | 'replaced'>;
  /** What admins changed. */
  changes: readonly Change[];
  /** How a start of the run differed from the ones before, in words. */
  deviations: readonly string[];
}

export function reproducible({
  shards,
  robust = 'none',
  engineClasses,
  audits,
  changes,
  deviations,
}: Grounds): {
  holds: boolean;
  why: string;
} {
  const no = (why: string) => ({ holds: false, why });
  if (robust !== 'none') return no(`--robust ${robust} compares workers: who computed what decides`);
  if (shards === 'auto') return no('--shards auto cuts steps by the speed of the workers');
  const [engineClass = 'nobody yet', ...others] = engineClasses;
  if (others.length > 0)
    return no(`workers of several engine classes took part: ${[engineClass, ...others].join(', ')}`);
  const { unseen, replaced } = audits;
  if (unseen > 0) {
    const text =
      'contributions of volunteers counted without being computed again: --audit-rate 1 does so with all';
    return no(`${unseen} ${text}`);
  }
  if (replaced > 0) return no(`${replaced} audits gave other bits than ${engineClass}, and counted`);
  if (isOfGpu(engineClass)) return no(`${engineClass}: graphics processors may give other bits each time`);
  // What the plateau schedule changes follows from the run.
  const rates = changes
    .filter((change) => change.what === 'learning-rate' && change.by !== 'plateau')
    .map(({ step }) => step);
  if (rates.length > 0) return no(`the learning rate was changed after step ${rates.join(', ')}`);
  if (deviations.length > 0) return no(deviations.join('; '));
  const where = isSameEverywhere(engineClass)
    ? ''
    : ', whose bits other machines of that class are not known to give';
  return { holds: true, why: `${shards} shards a step, all computed by ${engineClass}${where}` };
}
