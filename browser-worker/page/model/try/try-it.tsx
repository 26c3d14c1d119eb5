/** The run's current model, to be tried by a visitor: computed in the visitor's own browser. */

import { alphabetOf } from '../../../../shared/models/text-generator.js';
import type { ModelView } from '../../../../shared/status/monitoring.js';
import type { TryItProps } from './try-it-props.js';
import { TryPicture } from './try-picture.js';
import { TryText } from './try-text.js';

/** Whether a record is a picture that can be drawn or chosen, of one output: of several y is a vector. */
const isPicture = ({ x: { shape }, y, label }: ModelView): boolean =>
  (label.kind === 'multilabel' ? `${y.shape}` === `${label.classes}` : y.shape.length === 0) &&
  label.kind !== 'value' &&
  shape.length === 3 &&
  [1, 3].includes(shape[2]!);

/** Nothing where the records are neither pictures nor text. */
export function TryIt(props: TryItProps) {
  const { model } = props;
  // A program that never travels: docs/models.md.
  if (model.layers.some(({ type }) => type === 'DefineByRun')) return null;
  if (isPicture(model)) return <TryPicture {...props} />;
  const alphabet = alphabetOf(model);
  return alphabet ? <TryText {...props} alphabet={alphabet} /> : null;
}
