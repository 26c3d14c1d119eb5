/** What a run is made of besides its options, held against what its checkpoint says. */
import { UserError } from '../../shared/user-error.js';
import { VERSION } from '../../shared/version.js';
import { dataName } from '../prepare/data/sources/sources.js';
import { hashUnderName } from '../prepare/data/store.js';
import { fileHash, modelFileHash } from '../prepare/model/file/model-spec.js';
import type { Prepared } from '../prepare/prepare.js';
import { type Origins, resumedOrigins } from '../record/folder/origins.js';
import { updatesIn } from '../run/batches.js';
import type { Control } from '../run/control.js';
import type { Announcer, OpenedRun } from './open-run.js';
import type { Training } from './training.js';

/**
 * Also asks for the learning rate with which the run is to go on.
 * @param controlOf the control of a run of so many steps
 * @throws UserError where a run would go on with other data, or has done more than it is asked for
 */
export async function originsOf(
  { folder, configuration, stored, isFromGiven }: OpenedRun,
  { train, test, contents }: Prepared,
  { run: { options, progress } }: Training,
  { control, controlOf }: { control: Control; controlOf(steps: number): Control },
  { warn }: Announcer,
): Promise<Origins> {
  const { data, model, from, schedule, resumeLr } = configuration;
  const { steps } = options;
  const fromFile = from === undefined ? undefined : await fileHash(from);
  const now = {
    ...{ ...contents, modelFile: await modelFileHash(model), ...(fromFile && { fromFile }) },
    ...{ version: VERSION, steps },
  };
  if (!stored) return { ...now, deviations: [] };
  const name = dataName(stored.state.configuration.data ?? data);
  const manifests = { train: hashUnderName(train, name), test: hashUnderName(test, name) };
  const { origins, warnings } = resumedOrigins(stored.state.origins, now, {
    dir: folder.dir,
    manifests,
    data,
    model,
    ...{ from, isFromGiven },
    step: progress.step,
    schedule,
    rate: (total, step) => controlOf(total).learningRate(step, updatesIn(step, options.epochPlan)),
    isRateGiven: resumeLr !== undefined,
  });
  // Data that have changed may be fewer: they are told first.
  if (progress.step > steps) {
    const done = `the run in ${folder.dir} has done ${progress.step} steps`;
    throw new UserError(`${done}, more than the ${steps} asked for`, 2);
  }
  for (const text of warnings) warn(text);
  if (resumeLr !== undefined && resumeLr !== control.peak)
    control.request({ what: 'learning-rate', learningRate: resumeLr });
  return origins;
}
