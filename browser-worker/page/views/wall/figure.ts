/** The one number of the wall, and the words around it. */
import type { StatusView } from '../../../../shared/status/monitoring.js';
import { steady } from '../../data/format.js';

export interface Figure {
  /** Above the number. */
  what: string;
  number: string;
  /** Behind it. */
  of: string;
}

/** Of the set that was evaluated, where there was one, else of the training. */
export function figureOf(status: StatusView): Figure {
  const [set, accuracy, error] = [
    ['test', status.testAccuracy, status.testMeanAbsoluteError],
    ['validation', status.validationAccuracy, status.validationMeanAbsoluteError],
    ['training', status.accuracy, status.meanAbsoluteError],
  ].find(([, accuracy, error]) => accuracy !== null || error !== null) ?? ['training', null, null];
  const where = set === 'training' ? 'while it learns' : `on ${set} records that it does not learn from`;
  if (status.metric === 'accuracy')
    return {
      what: `Right ${where}`,
      number: typeof accuracy === 'number' ? (100 * accuracy).toFixed(1) : '–',
      of: 'of 100',
    };
  return { what: `Wrong by, on average, ${where}`, number: steady(error as number | null, 3), of: '' };
}
