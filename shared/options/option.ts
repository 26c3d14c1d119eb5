/**
 * What an option is: kind, default, unit and meaning. The command line with its help, configuration files and the
 * library all read the same blocks of them: coordinator/options/, worker/node/options.ts, cli/input/options.ts.
 *
 * `default: undefined` needs `otherwise`, which says what then decides: the model, or another option.
 */
import type { Kind } from './option-kinds.js';

export interface OptionSpec<T, D extends T | undefined = T | undefined> {
  kind: Kind<T>;
  default: D;
  /** What the help says if the default is undefined. */
  otherwise?: string;
  meaning: string;
  /**
   * `result`: decides the weights; a resumed run must keep it. `operation`: part of the configuration,
   * may change when a run is resumed. `call`: of this call only, never stored.
   */
  scope: 'result' | 'operation' | 'call';
}

/** Keeps each entry's own types. */
export const block = <B extends Record<string, OptionSpec<unknown>>>(options: B): B => options;

export const option = <T, const D extends T | undefined>(
  kind: Kind<T>,
  value: D,
  meaning: string,
  more: { otherwise?: string; scope?: OptionSpec<T>['scope'] } = {},
): OptionSpec<T, D extends undefined ? undefined : T> => ({
  kind,
  default: value as D extends undefined ? undefined : T,
  meaning,
  scope: 'result',
  ...more,
});

export const operation = { scope: 'operation' } as const;
export const call = { scope: 'call' } as const;

export type Options = Record<string, OptionSpec<unknown>>;
type KindOf<S> = S extends OptionSpec<infer T, infer _D> ? T : never;
/** What a user gives: any of the options. */
export type Given<B extends Options> = { [K in keyof B]?: KindOf<B[K]> | undefined };
/** The options with defaults filled in; undefined if a model or another option decides. */
export type Filled<B extends Options> = {
  [K in keyof B]: undefined extends B[K]['default'] ? KindOf<B[K]> | undefined : KindOf<B[K]>;
};
