/** What a run is watched for, as its options say: the best weights, and an end before the last step. */
import type { Watched } from './early-stopping.js';
import { type FigureName, figureOf } from './figures.js';

export interface WatchOptions {
  figure: FigureName;
  minDelta: number;
  /** Evaluations in a row without a better figure after which the run ends; undefined: it makes all steps. */
  patience: number | undefined;
}

/** Why a run has ended before its last step. */
export function stopText({ best }: Watched, { figure, patience }: WatchOptions, step: number): string {
  const much = patience === 1 ? '1 evaluation' : `${patience} evaluations`;
  const at = best ? `best at step ${best.step}` : 'none was a number';
  return `no better ${figureOf(figure).called} for ${much}: stopped at step ${step}, ${at}`;
}
