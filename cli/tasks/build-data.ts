/** A data set read as a run reads it, and written as chunks. */
import { type BuiltManifests, writeBuilt } from '../../coordinator/prepare/data/built/write-built.js';
import { absoluteData, openData, shownData } from '../../coordinator/prepare/data/sources/sources.js';
import { endsOf, namesOfModel } from '../../coordinator/prepare/model/ends.js';
import { absoluteModel } from '../../coordinator/prepare/model/file/model-spec.js';
import type { LossName } from '../../shared/numerics/losses.js';
import { UserError } from '../../shared/user-error.js';

export interface BuildDataRequest {
  spec: string;
  to: string;
  /** For which values are scaled as in its run. */
  model?: string | undefined;
  loss?: LossName | undefined;
}

/**
 * @param preparing hears what takes long, as it begins
 * @throws UserError for data that cannot be read, or a folder that cannot be written
 */
export async function buildData(
  { spec, to, model, loss }: BuildDataRequest,
  preparing: (what: string) => void,
): Promise<BuiltManifests & { notes: string[] }> {
  preparing(`reading the data: ${shownData(spec)}`);
  const data = await openData(absoluteData(spec), {
    preparing,
    ...(model === undefined
      ? {}
      : {
          namesOf: () => namesOfModel(absoluteModel(model)),
          endsOf: (shapes, part) => endsOf(absoluteModel(model), shapes, loss, part),
        }),
  });
  if (data.stored) throw new UserError(`${shownData(spec)} is built already: copy the folder`, 2);
  // Not yet: a built folder has two parts, and the third would be lost.
  if (data.validation)
    throw new UserError(
      `${shownData(spec)} has a validation set of its own (${data.validation.count} records), which a built set cannot hold: take it out, or put it into the training set (--validation draws one from there)`,
      2,
    );
  preparing(`writing chunks to ${to}`);
  const manifests = writeBuilt(data, to);
  return { ...manifests, notes: [...(data.notes ?? []), ...(data.warnings ?? [])] };
}
