/** Activations, initializers and regularizers by their names in Keras, in TF.js's form. */

/** Which Keras wrote a file decides what some names mean. */
export type KerasVersion = 2 | 3;

type Config = Record<string, unknown>;
interface Part {
  class_name: string;
  config: Config;
}

const isPart = (value: unknown): value is Part =>
  typeof value === 'object' && value !== null && 'class_name' in value && 'config' in value;

const bare = (name: string): string => name.toLowerCase().replaceAll('_', '');

/** Names that are others in TF.js. */
const ACTIVATIONS: Readonly<Record<string, string>> = { silu: 'swish', softmax_v2: 'softmax' };

export function kerasActivation(value: unknown, version: KerasVersion): unknown {
  // A function of Keras' own may stand there with its module.
  const name = isPart(value) && typeof value.config === 'string' ? value.config : value;
  if (typeof name !== 'string') return value;
  // Of slope 1/5 in Keras 2 and TF.js, of 1/6 in Keras 3.
  if (version === 3 && name === 'hard_sigmoid') return 'hard_sigmoid_of_sixth';
  return ACTIVATIONS[name] ?? name;
}

const INITIALIZERS: Readonly<Record<string, string>> = {
  lecunnormal: 'LeCunNormal',
  lecununiform: 'LeCunUniform',
  identityinitializer: 'Identity',
  orthogonalinitializer: 'Orthogonal',
};

export function kerasInitializer(value: unknown): unknown {
  const { class_name, config } = isPart(value) ? value : { class_name: value, config: {} };
  if (typeof class_name !== 'string') return value;
  const known = INITIALIZERS[bare(class_name)];
  if (!isPart(value)) return known ?? value;
  return { class_name: known ?? class_name, config };
}

/** What Keras takes for a factor that is not given. */
const FACTOR = 0.01;

/** TF.js has one class for both. */
export function kerasRegularizer(value: unknown): unknown {
  const { class_name, config } = isPart(value) ? value : { class_name: value, config: {} as Config };
  if (typeof class_name !== 'string') return value;
  const both = (l1: unknown, l2: unknown) => ({ class_name: 'L1L2', config: { l1, l2 } });
  switch (bare(class_name)) {
    case 'l1':
      return both(config.l1 ?? config.l ?? FACTOR, 0);
    case 'l2':
      return both(0, config.l2 ?? config.l ?? FACTOR);
    case 'l1l2':
      return isPart(value) ? both(config.l1 ?? 0, config.l2 ?? 0) : both(FACTOR, FACTOR);
    default:
      return isPart(value) ? { class_name, config } : value;
  }
}
