/** Tries a traced function on plain inputs: finite numbers, of each sample alone, and of a loss the gradient of its operations. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { type PerSample, replayer } from '../../../../engine/eager/traced/replay.js';
import type { TracedFunction } from '../../../../shared/models/description.js';
import type { PerSampleFunction } from './own-function.js';
import { plainInputs, type Subject } from './plain-inputs.js';

const SAMPLES = 6;
/** Float32 in another order differs by less, and another function by more. */
const TOLERANCE = 1e-4;

type Tf = typeof TensorFlow;

/** @throws Error that says what is wrong */
export function checkNumbers(
  tf: Tf,
  compute: PerSampleFunction,
  traced: TracedFunction,
  subject: Subject,
  kind: 'loss' | 'metric',
): void {
  const replay = replayer(traced);
  const original: PerSample = (_, { yTrue, yPred }) => compute(yTrue, yPred);
  const values = valuesOf(tf, original, subject, SAMPLES);
  if (!values.every(Number.isFinite))
    throw new Error(`it gives ${values.find((value) => !Number.isFinite(value))} for a plain input`);
  const alone = Array.from({ length: SAMPLES }, (_, i) => valuesOf(tf, original, subject, 1, i)[0]!);
  if (!near(values, alone))
    throw new Error(
      'the number of a sample depends on the other samples of its batch: a sum or mean over the first axis mixes them, and so do shapes that are stretched to each other, as [batch] and [batch, 1]',
    );
  // What the trace does not see has branched on numbers of its own.
  if (!near(values, valuesOf(tf, replay, subject, SAMPLES)))
    throw new Error('its graph gives other numbers than itself');
  if (kind === 'metric') return;
  const [wanted, replayed] = [original, replay].map((loss) => slopesOf(tf, loss, subject));
  if (!wanted!.every(Number.isFinite)) throw new Error('its gradient is not finite for a plain input');
  if (wanted!.every((slope) => slope === 0))
    throw new Error(
      'its gradient is 0: nothing would be learned by it (rounding, counting and comparing have none)',
    );
  if (!near(wanted!, replayed!))
    throw new Error(
      'its gradient is not that of its operations (tf.customGrad?): only operations travel, so leave it out',
    );
}

function valuesOf(tf: Tf, compute: PerSample, subject: Subject, samples: number, first = 0): number[] {
  return Array.from(
    tf.tidy(() => compute(tf, plainInputs(tf, subject, samples, first)).toFloat()).dataSync(),
  );
}

/** Of the sum over samples, by the outputs. */
function slopesOf(tf: Tf, loss: PerSample, subject: Subject): number[] {
  try {
    const slopes = tf.tidy(() => {
      const { yTrue, yPred } = plainInputs(tf, subject, SAMPLES);
      return tf.grad((output) => tf.sum(loss(tf, { yTrue, yPred: output })))(yPred);
    });
    return Array.from(slopes.dataSync());
  } catch (error) {
    const text = String(error);
    if (/Make sure that|does not depend/.test(text)) throw new Error('it does not depend on yPred');
    const [, kernel] = /gradient function not found for (\w+)/.exec(text) ?? [];
    if (kernel) throw new Error(`the operation ${kernel} has no gradient`);
    throw error;
  }
}

const near = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((value, i) => Math.abs(value - b[i]!) <= TOLERANCE * (1 + Math.abs(value)));
