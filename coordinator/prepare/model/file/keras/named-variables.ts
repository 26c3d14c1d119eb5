/** The arrays of a Keras file as weights with the names of their layers, by which they find their places. */
import type { StoredWeight } from '../weights/match-weights.js';
import type { StoredArray } from './hdf5.js';
import { STACK, variableGroups } from './variables.js';

const COUNTED_STACK = new RegExp(`^${STACK}_\\d+$`);

/** So Keras before 2.13 called the list of layers. */
const FORMER_ROOT = '_layer_checkpoint_dependencies';

/**
 * Of Keras 3's layout, in which variables are numbered.
 * @param config the configuration as Keras wrote it
 * @returns also what belongs to no layer, under its path: whoever puts weights into a model refuses it
 */
export function namedVariables(config: unknown, arrays: readonly StoredArray[]): StoredWeight[] {
  const left = new Map(arrays.map((array) => [array.path, array]));
  const isFormer = arrays.some(({ path }) => path.startsWith(`${FORMER_ROOT}/`));
  const groups = variableGroups(config, isFormer ? FORMER_ROOT : 'layers');
  const named = groups.flatMap(({ path, names, kinds }) =>
    kinds.flatMap((kind, i) => {
      const found = left.get(`${path}/${i}`);
      left.delete(`${path}/${i}`);
      return found ? [{ name: [...names, kind].join('/'), shape: found.shape, values: found.values }] : [];
    }),
  );
  return [...named, ...[...left.values()].map(({ path, shape, values }) => ({ name: path, shape, values }))];
}

/**
 * Of Keras 2's layout, in which a group for each layer of the outermost model holds weights by their own names.
 * @param root the group around these, with its slash, or nothing
 */
export function namedArrays(arrays: readonly StoredArray[], root: string): StoredWeight[] {
  return arrays.map(({ path, shape, values }) => {
    const names = path.slice(root.length).split('/');
    const [layer, ...parts] = names.map((name) => name.replace(COUNTED_STACK, STACK)) as [
      string,
      ...string[],
    ];
    // Some files have the model's name first, and those of nested models leave out theirs.
    const at = parts.indexOf(layer);
    return { name: [layer, ...parts.slice(at + 1)].join('/'), shape, values };
  });
}
