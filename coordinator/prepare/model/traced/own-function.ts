/** A loss of the user's own: the default export of a module, or a function of the program that starts the run. */
import { basename, extname, resolve } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { LOSSES, type LossName } from '../../../../shared/numerics/losses.js';
import { UserError } from '../../../../shared/user-error.js';
import { defaultExportOf } from '../../module/default-export.js';
import { isLossPerOutput, type LossPerOutput } from './loss-per-output.js';

/**
 * One number for each sample of a batch, [batch], of the labels and the model's output for them. It must compute by
 * `tf` alone: it is traced once, and its graph travels.
 */
export type PerSampleFunction = (yTrue: TensorFlow.Tensor, yPred: TensorFlow.Tensor) => TensorFlow.Tensor;

/** Makes one with the TF.js that the run uses: tensors of another copy mean nothing to it. */
export type OwnFunction = (given: { tf: typeof TensorFlow }) => PerSampleFunction;

export type ModuleFile = `${string}.mjs` | `${string}.js`;

/** What `--loss` says: a name, one for each output, a module, or that a program has given a function. */
export type LossOption = LossName | LossPerOutput | ModuleFile | 'function';

/** What the loss is made from. */
export type LossSource = LossOption | OwnFunction;

export const isModule = (text: unknown): text is ModuleFile =>
  typeof text === 'string' && /\.m?js$/.test(text);

/** Whether it is none of ours. */
export const isOwnLoss = (loss: unknown): loss is ModuleFile | OwnFunction | 'function' =>
  loss !== undefined && !(LOSSES as readonly unknown[]).includes(loss) && !isLossPerOutput(loss);

/** With an absolute path: it means the same wherever it is read again. */
export const absoluteLoss = (loss: LossOption): LossOption =>
  isModule(loss) && !isLossPerOutput(loss) ? (resolve(loss) as ModuleFile) : loss;

export interface NamedFunction {
  /** What errors call it: `--loss FILE`. */
  called: string;
  name: string;
  make: OwnFunction;
}

const FORM = '({ tf }) => (yTrue, yPred) => a number for each sample';

/** @throws UserError where there is no such module, or it exports something else */
export async function ownLoss(source: ModuleFile | OwnFunction | 'function'): Promise<NamedFunction> {
  if (typeof source === 'function') {
    return { called: 'loss', name: source.name === '' ? 'loss' : source.name, make: source };
  }
  if (source === 'function')
    throw new UserError(
      `the run's loss is a function of a program: give it again, startCoordinator({ loss, resume: true, ... })`,
      2,
    );
  const make = await defaultExportOf('--loss', source);
  const called = `--loss ${source}`;
  if (typeof make !== 'function')
    throw new UserError(
      `${called}: the module must export a function as its default: export default ${FORM}`,
      2,
    );
  return { called, name: basename(source, extname(source)), make: make as OwnFunction };
}

/** @throws UserError where it makes none */
export function madeBy({ called, make }: NamedFunction, tf: typeof TensorFlow): PerSampleFunction {
  const made: unknown = make({ tf });
  if (typeof made === 'function') return made as PerSampleFunction;
  throw new UserError(`${called}: the function must return a function: ${FORM}`, 2);
}
