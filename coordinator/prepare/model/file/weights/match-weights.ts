/**
 * Which weight of a file belongs where in a model. Programs name weights in their own ways: TF.js by the layer
 * (`lstm/kernel`), Keras by the cell too (`lstm/lstm_cell/kernel`), those of nested models with or without the
 * models' names. So a name is taken for what it tells: its last part the kind of the weight, the others some of
 * the layers on the way to it, in order. With the shape that must leave one way to give each weight its place;
 * where a weight stands in a list counts for nothing.
 */
import { UserError } from '../../../../../shared/user-error.js';

/** A weight of a model file. */
export interface StoredWeight {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

/** Where a model wants a weight. */
export interface WeightPlace {
  /** The weight's name in messages. */
  title: string;
  /** The path from the model down to the layer or cell that has the weight. */
  path: readonly Step[];
  /** What the weight itself may be called: `kernel`. */
  kinds: readonly string[];
  shape: readonly number[];
}

export interface Step {
  /** Any of these. */
  names: readonly string[];
  /** The only cell of its layer: programs make up names for it. */
  isOnlyCell?: boolean;
}

/** What Keras counts or draws, and no layer computes with. */
const NO_WEIGHTS = ['count', 'seed_generator_state'];

interface Assigned {
  found: ReadonlyMap<WeightPlace, StoredWeight>;
  /** What finds no place, but for what no layer computes with. */
  left: StoredWeight[];
  /** For each weight the places that its name may mean, of any shape. */
  named: readonly WeightPlace[][];
  /** Of what has found no place, the places of its name and shape. */
  choices: ReadonlyMap<StoredWeight, WeightPlace[]>;
}

/**
 * @returns for each place its weight, in the order of the places
 * @throws UserError naming a weight that is missing, left over or of another shape, or several that could be one
 */
export function matchWeights(
  places: readonly WeightPlace[],
  stored: readonly StoredWeight[],
): StoredWeight[] {
  const assigned = assignWeights(places, stored);
  complain(places, stored, assigned);
  return places.map((place) => assigned.found.get(place)!);
}

/** Gives each weight its place, as far as there is one way to do it. */
export function assignWeights(places: readonly WeightPlace[], stored: readonly StoredWeight[]): Assigned {
  const known = new Set(places.flatMap(({ path }) => path.flatMap(({ names }) => names)));
  const named = stored.map((weight) => {
    const { kind, layers } = partsOf(weight.name, known);
    return places.filter((place) => place.kinds.includes(kind) && isOnTheWay(layers, place.path));
  });
  const left = new Map(
    stored.map((weight, i) => [weight, named[i]!.filter(({ shape }) => `${shape}` === `${weight.shape}`)]),
  );
  const found = new Map<WeightPlace, StoredWeight>();
  const choicesOf = (weight: StoredWeight) => left.get(weight)!.filter((place) => !found.has(place));
  const take = (weight: StoredWeight, place: WeightPlace) => {
    found.set(place, weight);
    left.delete(weight);
  };
  // What has one choice takes it, which leaves others with one: if there is one way in all, this finds it.
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const weight of [...left.keys()]) {
      const [only, ...others] = choicesOf(weight);
      if (only && others.length === 0) take(weight, only);
    }
    for (const place of places) {
      if (found.has(place)) continue;
      const [only, ...others] = [...left.keys()].filter((weight) => choicesOf(weight).includes(place));
      if (only && others.length === 0) take(only, place);
    }
  }
  const isCounted = ({ name }: StoredWeight) => NO_WEIGHTS.includes(plainName(name).split('/').at(-1)!);
  return { found, named, choices: left, left: [...left.keys()].filter((weight) => !isCounted(weight)) };
}

/** The parts of a name; a program's own prefix, such as the name of another model around this one, is left out. */
function partsOf(name: string, known: ReadonlySet<string>): { kind: string; layers: string[] } {
  const parts = plainName(name).split('/');
  const kind = parts.pop()!;
  const first = parts.findIndex((part) => known.has(part));
  return { kind, layers: parts.slice(Math.max(0, first)).filter((part, i, all) => part !== all[i - 1]) };
}

/** Keras 2 counts the outputs of what makes a weight: `kernel:0`. */
const plainName = (name: string): string => name.replace(/:\d+$/, '');

/** Whether the layers stand on the path, in order; it may have more. */
function isOnTheWay(layers: readonly string[], path: readonly Step[]): boolean {
  let at = 0;
  return layers.every((layer) => {
    while (at < path.length) {
      const { names, isOnlyCell } = path[at++]!;
      if (names.includes(layer) || (isOnlyCell && /cell/i.test(layer))) return true;
    }
    return false;
  });
}

/** @throws UserError unless all is found, and nothing left but what no layer computes with */
function complain(
  places: readonly WeightPlace[],
  stored: readonly StoredWeight[],
  { found, named, left, choices }: Assigned,
): void {
  const missing = places.find((place) => !found.has(place));
  if (missing) {
    const wanted = `${missing.title} of shape [${missing.shape}]`;
    const same = [...choices].filter(([, own]) => own.includes(missing)).map(([{ name }]) => name);
    if (same.length > 0) {
      throw new UserError(
        `the model file has several weights that could be ${wanted}: ${same.join(', ')}: give its layers different names`,
      );
    }
    const other = stored.find((weight, i) => choices.has(weight) && named[i]!.includes(missing));
    throw new UserError(
      other
        ? `the model file's weight ${other.name} has shape [${other.shape}], its layer needs [${missing.shape}]`
        : `the model file has no weight ${wanted}`,
    );
  }
  if (left.length === 0) return;
  const names = left.map(({ name, shape }) => `${name} [${shape}]`).join(', ');
  throw new UserError(`no layer of the model takes the model file's ${names}`);
}
