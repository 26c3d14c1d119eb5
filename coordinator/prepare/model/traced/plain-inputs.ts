/** Labels and outputs as a model may have them, for trying functions of them. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { argumentsOf } from '../../../../engine/eager/traced/arguments.js';
import type { Arguments } from '../../../../engine/eager/traced/replay.js';
import type { LabelKind } from '../../../../shared/data/manifest.js';
import { Random } from '../../../../shared/numerics/random.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';

export interface Subject {
  label: LabelKind;
  /** Of one label, and of the output for one sample. */
  labelShape: readonly number[];
  outputShape: readonly number[];
  /** The activation in which the model ends. */
  end: string;
}

/** Drawn from a fixed seed, the same for a sample in any batch: classes that there are, numbers around 0, outputs in the range of the model's end. */
export function plainInputs(
  tf: typeof TensorFlow,
  { label, labelShape, outputShape, end }: Subject,
  samples: number,
  first = 0,
): Arguments {
  const rows = Array.from({ length: samples }, (_, i) => new Random(20_240_601, first + i));
  const labels = rows.flatMap((random) =>
    Array.from({ length: sizeOf(labelShape) }, () =>
      label.kind === 'value' ? normal(random) : random.below(label.kind === 'class' ? label.classes : 2),
    ),
  );
  const numbers = rows.flatMap((random) => Array.from({ length: sizeOf(outputShape) }, () => normal(random)));
  const raw = tf.tensor(Float32Array.from(numbers), [samples, ...outputShape]);
  const output = end === 'softmax' ? tf.softmax(raw) : end === 'linear' ? raw : tf.sigmoid(raw);
  const shape = [samples, ...labelShape];
  const target =
    label.kind === 'class'
      ? tf.tensor(Int32Array.from(labels), shape, 'int32')
      : tf.tensor(Float32Array.from(labels), shape);
  return argumentsOf({ output, target, label });
}

/** Nearly normal: a sum of twelve uniform numbers. */
function normal(random: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.float();
  return sum;
}
