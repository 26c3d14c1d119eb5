/** What a status or a summary says of a run as a whole, in the same words on pages and in terminals. */
import { count, percent, significant } from './figures.js';
import type { Health, Status } from './status.js';

const HEALTH: Record<Health['state'], string> = {
  ok: 'OK',
  plateau: 'plateau',
  worse: 'got worse',
  diverging: 'diverging',
  stalled: 'stalled',
  failed: 'failed',
};

/** A health in a word or two. */
export const healthWord = ({ state }: Health): string => HEALTH[state];

/** The best value with its step; the metric is told where it is not the run's own. */
export function bestText({ metric, value, step }: NonNullable<Status['best']>): string {
  const shown = metric === 'accuracy' ? percent(value) : significant(value);
  const of = metric === 'accuracy' || metric === 'mae' ? '' : `${metric} `;
  return `best ${of}${shown} at step ${count(step)}`;
}

/** Whether the weights follow from the configuration alone, in two or three words. */
export const bitsText = ({ holds }: { holds: boolean }, isOver: boolean): string =>
  holds ? `bit-exact${isOver ? '' : ' so far'}` : 'not bit-exact';
