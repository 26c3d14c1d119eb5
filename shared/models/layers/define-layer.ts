/** A layer of our own by what is special in it: its options, its weights and what it computes. */
import type * as TensorFlow from '@tensorflow/tfjs';
import {
  type Initializer,
  type InitializerConfig,
  type Inputs,
  initializerOf,
  type LayerArgs,
  type LayerClass,
  only,
  onlyShape,
  type Shapes,
  type Tf,
} from './layer.js';

interface Required<T> {
  isRequired: true;
  /** Of the type alone. */
  value?: T;
}
interface Optional<T> {
  isRequired: false;
  value: T;
}

/** An option that every configuration gives. */
export const required = <T>(): Required<T> => ({ isRequired: true });
/** An option with what it is where a configuration says nothing, or null; undefined stands in no configuration. */
export const optional = <T>(value: T): Optional<T> => ({ isRequired: false, value });

type Options = Readonly<Record<string, Required<unknown> | Optional<unknown>>>;
type Valued<O extends Options> = {
  [K in keyof O]: O[K] extends Required<infer T> | Optional<infer T> ? T : never;
};
type RequiredKeys<O extends Options> = {
  [K in keyof O]: O[K] extends Required<unknown> ? K : never;
}[keyof O];
/** What a layer is made with. */
type ArgsOf<O extends Options> = LayerArgs & {
  [K in RequiredKeys<O>]: Valued<O>[K];
} & { [K in Exclude<keyof O, RequiredKeys<O>>]?: Valued<O>[K] | null | undefined };

export interface WeightDefinition {
  shape: (number | null)[];
  initial: InitializerConfig | 'ones' | 'zeros' | ((tf: Tf) => Initializer);
  /** Nothing trains it. */
  isFrozen?: boolean;
}
/** By their names in camelCase; undefined: there is none with these options. */
type Weights = Readonly<Record<string, WeightDefinition | undefined>>;
type Values<W extends Weights> = {
  [K in keyof W]: TensorFlow.Tensor | (undefined extends W[K] ? undefined : never);
};

export interface LayerDefinition<O extends Options, W extends Weights> {
  /** In the order of a configuration. An initializer has a name that ends in `Initializer`: so it gets its seed. */
  options: O;
  /** In the order of a model's weights. */
  weights?: (options: Valued<O>, shape: TensorFlow.Shape) => W;
  /** The input's, unless it is given. */
  outputShape?: (options: Valued<O>, shape: TensorFlow.Shape) => TensorFlow.Shape;
  /** Whether a mask of the input is one of the output. */
  supportsMasking?: boolean;
  call(
    tf: Tf,
    x: TensorFlow.Tensor,
    own: { options: Valued<O>; weights: Values<W>; training: boolean },
  ): TensorFlow.Tensor;
}

export interface DefinedLayer<Args extends object> {
  /** Names of its options. */
  readonly options: readonly string[];
  /** @param className its name in a topology */
  create(tf: Tf, className: string): LayerClass<Args>;
}

export function defineLayer<O extends Options, W extends Weights = Record<never, never>>(
  definition: LayerDefinition<O, W>,
): DefinedLayer<ArgsOf<O>> {
  const { weights: weightsOf, outputShape } = definition;
  return {
    options: Object.keys(definition.options),
    create: (tf, className) =>
      class extends tf.layers.Layer {
        static className = className;
        private readonly options: Valued<O>;
        private readonly variables: Record<string, TensorFlow.LayerVariable> = {};

        constructor(args: ArgsOf<O>) {
          super(args);
          this.options = filled(definition.options, args);
          this.supportsMasking = definition.supportsMasking ?? false;
        }

        override build(inputShape: Shapes): void {
          const weights: Weights = weightsOf?.(this.options, onlyShape(inputShape)) ?? {};
          for (const [name, weight] of Object.entries(weights)) {
            if (!weight) continue;
            const { shape, initial, isFrozen = false } = weight;
            const initializer = begin(tf, initial);
            this.variables[name] = this.addWeight(
              underscored(name),
              shape,
              'float32',
              initializer,
              undefined,
              !isFrozen,
            );
          }
          this.built = true;
        }

        override computeOutputShape(inputShape: Shapes) {
          return outputShape
            ? outputShape(this.options, onlyShape(inputShape))
            : super.computeOutputShape(inputShape);
        }

        override call(inputs: Inputs, { training = false }: { training?: boolean } = {}) {
          return tf.tidy(() => {
            const weights = Object.entries(this.variables).map(([name, variable]) => [name, variable.read()]);
            const own = { options: this.options, weights: Object.fromEntries(weights), training };
            return definition.call(tf, only(inputs), own);
          });
        }

        override getConfig() {
          const given = Object.entries(this.options).filter(([, value]) => value !== undefined);
          return { ...super.getConfig(), ...Object.fromEntries(given) };
        }
      },
  };
}

function filled<O extends Options>(options: O, args: Partial<Record<string, unknown>>): Valued<O> {
  const values = Object.entries(options).map(([name, { value }]) => [name, args[name] ?? value]);
  return Object.fromEntries(values);
}

function begin(tf: Tf, initial: WeightDefinition['initial']): Initializer {
  if (typeof initial === 'function') return initial(tf);
  return typeof initial === 'string' ? tf.initializers[initial]() : initializerOf(tf, initial);
}

/** `qkvKernel` -> `qkv_kernel`, as TF.js names weights and its files name options. */
export const underscored = (name: string): string =>
  name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
