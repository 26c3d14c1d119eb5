/** The features of a table's rows as a model is fed them: scaled as the model was trained, or as the rows ask for. */
import {
  AS_IT_IS,
  type Feature,
  type Normalization,
  type Scaling,
} from '../../../../../../shared/data/manifest.js';
import { FED_AS_STORED } from '../../../scaling/normalization.js';
import type { DataShapes, Reader, Records } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import type { Part, Parts } from '../picking/parts.js';
import type { Encoding } from './encoding.js';
import { chooseScalings, normalizeOption } from './normalize.js';
import { refuseNoIndices, scaledRecords } from './records.js';
import { shapedFeatures, unscaled } from './shaped.js';

export interface Features {
  columns: Feature[];
  /** Of the label, in a regression. */
  label: Scaling;
  normalisation: Normalization;
  notes: string[];
  warnings: string[];
  of(part: Part): Omit<Records, 'y'>;
}

/** @throws UserError for a value that the model cannot be fed */
export async function featuresOfTable(
  { train, test }: Parts,
  shapes: DataShapes,
  encoding: Encoding,
  options: SpecOptions,
  reader: Reader,
): Promise<Features> {
  const { trained } = reader;
  const isValue = shapes.label.kind === 'value';
  const ends = trained ? {} : ((await reader.endsOf?.(shapes)) ?? {});
  const asking: Reader = trained ? reader : { endsOf: async () => ends };
  const scalings = trained
    ? scalingsOfModel(trained, encoding)
    : chooseScalings(train, encoding, normalizeOption(train.table, options), ends, isValue);
  if (ends.input?.takes === 'indices')
    for (const part of [train, test]) refuseNoIndices(part, encoding, scalings.features, ends.input);
  const { label } = scalings;
  if (shapes.x.shape.length === 1)
    return {
      ...{ columns: scalings.features, label, normalisation: FED_AS_STORED },
      ...{ notes: scalings.notes, warnings: scalings.warnings },
      of: (part) => ({ count: part.rows.length, x: scaledRecords(part, encoding, scalings.features) }),
    };
  const shaped = await shapedFeatures(train, shapes, encoding, options, asking);
  return {
    ...{ columns: unscaled(encoding), label, normalisation: shaped.normalisation },
    notes: [...shaped.notes, ...scalings.notes.slice(1)],
    warnings: [...shaped.warnings, ...scalings.warnings],
    of: (part) => ({ count: part.rows.length, x: shaped.of(part) }),
  };
}

/** Without columns, engines scale what they are fed, as `normalisation` says. */
function scalingsOfModel({ columns, label }: NonNullable<Reader['trained']>, encoding: Encoding) {
  const features = columns?.features ?? unscaled(encoding);
  const scaling = label.kind === 'value' ? label.scaling : undefined;
  return { features, label: scaling ?? AS_IT_IS, notes: [], warnings: [] };
}
