/** What a model's module says of its parameters: names, shapes, and how they begin. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { StoredParameter } from '../../../../shared/models/layers/define-by-run.js';
import { type InitializerConfig, initializerOf } from '../../../../shared/models/layers/layer.js';
import { didYouMean } from '../../../../shared/options/closest.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { ModelShapes } from '../../zoo/model.js';
import { INITIALIZERS } from '../layers/options.js';

/** How a parameter begins: the name of an initializer of Keras, or that with its options: `{ name: 'constant', value: 1 }`. */
export type ModuleInitializer = string | ({ name: string } & Record<string, unknown>);

/** One parameter of a model that is a program. */
export interface ModuleParameter {
  shape: readonly number[];
  /** Default: glorotUniform of a matrix and more axes, zeros of a vector. */
  initializer?: ModuleInitializer;
}

/** What a module exports as `parameters`, itself or by a function of the shapes of the data. */
export type ModuleParameters = Readonly<Record<string, ModuleParameter>>;

const NAME = /^[a-z][a-z0-9_]*$/;
const FORM = "export const parameters = { kernel: { shape: [4, 3], initializer: 'glorotUniform' } }";
const KEYS = ['shape', 'initializer'];

/**
 * @param exported what the module has
 * @param what how messages call it
 * @throws UserError that names the parameter
 */
export function parametersOf(
  tf: typeof TensorFlow,
  exported: unknown,
  shapes: ModelShapes,
  what: string,
): StoredParameter[] {
  const given =
    typeof exported === 'function'
      ? called(exported as (of: ModelShapes) => unknown, shapes, what)
      : exported;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0)
    throw new UserError(`${what} names no parameters: ${FORM}`, 2);
  return Object.entries(given).map(([name, parameter]) => {
    const where = `${what}: parameter ${name}`;
    if (!NAME.test(name))
      throw new UserError(`${where}: a name has small letters, digits and _, and begins with a letter`, 2);
    const { shape, initializer } = checked(parameter, where);
    return { name, shape, initializer: initializerIn(tf, initializer ?? usual(shape), where) };
  });
}

function called(parameters: (of: ModelShapes) => unknown, shapes: ModelShapes, what: string): unknown {
  try {
    return parameters(shapes);
  } catch (error) {
    throw new UserError(`${what}: parameters has thrown: ${messageOf(error)}`, 2, { cause: error });
  }
}

function checked(parameter: unknown, where: string): { shape: number[]; initializer: unknown } {
  const { shape, initializer, ...others } = Object(parameter) as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UserError(
      `${where}: unknown ${other}; known are ${KEYS.join(', ')}${didYouMean(other, KEYS)}`,
      2,
    );
  const isShape = Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length > 0);
  if (!isShape)
    throw new UserError(`${where}: its shape must be a list of whole numbers above 0, such as [4, 3]`, 2);
  return { shape, initializer };
}

const usual = (shape: readonly number[]): string => (shape.length > 1 ? 'glorotUniform' : 'zeros');

function initializerIn(tf: typeof TensorFlow, given: unknown, where: string): InitializerConfig {
  const { name, ...options } = (typeof given === 'string' ? { name: given } : Object(given)) as {
    name?: unknown;
  } & TensorFlow.serialization.ConfigDict;
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '');
  const className = INITIALIZERS.find((known) => plain(known) === plain(String(name)));
  const names = INITIALIZERS.map((known) => `${known[0]!.toLowerCase()}${known.slice(1)}`);
  if (!className)
    throw new UserError(
      `${where}: initializer ${name} is unknown; known are ${names.join(', ')}${didYouMean(String(name), names)}`,
      2,
    );
  try {
    const initializer = initializerOf(tf, { className, config: options });
    const config = initializer.getConfig();
    for (const [option, value] of Object.entries(options))
      if (JSON.stringify(config[option]) !== JSON.stringify(value)) throw new Error(`it has no ${option}`);
    return { className: initializer.getClassName(), config };
  } catch (error) {
    throw new UserError(`${where}: initializer ${name}: ${messageOf(error)}`, 2);
  }
}
