/** What came of a run, in numbers: what `summary.json` tells. */
import { createHash } from 'node:crypto';
import { weightsOfModel } from '../../shared/numerics/rounds/round-layout.js';
import { VERSION } from '../../shared/version.js';
import { epochOf, updatesIn } from '../run/batches.js';
import type { Run } from '../run/run.js';
import type { Course } from '../run/watch/course.js';
import { healthOf } from '../run/watch/health.js';
import type { RunIdentity } from './checkpoint/run-checkpoints.js';
import { type Summary, scores } from './folder/summary.js';
import { reproducible } from './reproducible.js';

export interface Outcome {
  status: Summary['status'];
  /** Why it failed. */
  reason: string | undefined;
  /** Of the last version, all of them. */
  weights: Float32Array;
  /** The best weights by section, if the run has kept them. */
  best: ReadonlyMap<string, Float32Array> | undefined;
  course: Course;
}

export function summarize(
  run: Run,
  identity: RunIdentity,
  { status, reason, weights, best, course }: Outcome,
): Summary {
  const { core, progress, options, metric, clock } = run;
  const { epochPlan } = options;
  const train = progress.train();
  const { test, validation, watching, spent } = progress;
  const watched = watching.watched ?? course.watched;
  const workers = core.swarm.given.totals();
  const audits = core.trust.reputation.record();
  const hashOf = (vector: Float32Array) => sha256(weightsOfModel(vector, identity.model.weights));
  return {
    version: VERSION,
    status,
    ...(reason ? { reason } : {}),
    steps: progress.step,
    epochs: epochOf(progress.step, epochPlan),
    ...(epochPlan.localSteps === undefined ? {} : { updates: updatesIn(progress.step, epochPlan) }),
    samplesTrained: progress.samplesTrained,
    seconds: progress.seconds(clock.now()),
    weightsSha256: hashOf(weights),
    train: train && scores(metric, train),
    test: test && {
      ...scores(metric, test),
      samples: test.samples,
      ...(test.step === undefined ? {} : { step: test.step }),
    },
    ...(validation && { validation: { ...scores(metric, validation), samples: validation.samples } }),
    ...(watched.best && {
      best: {
        step: watched.best.step,
        metric: watched.figure,
        value: watched.best.value,
        set: options.validation ? 'validation' : 'test',
        weightsSha256: best ? hashOf(best.get('weights')!) : null,
      },
    }),
    ...(spent && status === 'finished' && progress.step < options.steps && { stoppedEarly: spent }),
    shards: { ...progress.shards },
    workers,
    ...(core.swarm.lanesAdvice.given && { idleLanes: core.swarm.lanesAdvice.given }),
    audits,
    health: healthOf({ state: status, reason: reason ?? '', course, silentSeconds: null }),
    reproducible: reproducibleSoFar(run, identity),
    bytes: { ...core.swarm.traffic },
  };
}

/** Whether what the run has done so far follows from its configuration alone. */
export const reproducibleSoFar = (
  { core, options, control }: Run,
  { configuration, origins }: RunIdentity,
): Summary['reproducible'] =>
  reproducible({
    shards: options.shards,
    robust: configuration.robust,
    engineClasses: core.swarm.given.engineClasses(),
    audits: core.trust.reputation.record(),
    changes: control.changes,
    deviations: origins.deviations,
  });

const sha256 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
