/** Which pictures train and which test: as folders say, or drawn, a like share of each class. */
import { Random } from '../../../../../../shared/numerics/random.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { drawStratified, drawTest, shuffled } from '../../../draw.js';
import { wholeOption } from '../../../options.js';
import type { Reader } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import type { Entry, Layout } from './layout.js';

export interface Parts {
  train: Entry[];
  /** Undefined without a folder for it beside that of the test set. */
  validation: Entry[] | undefined;
  test: Entry[];
  /** What they are, in words. */
  texts: { train: string; test: string };
  notes: string[];
}

/**
 * In an order that the option `seed` draws, in which classes are mixed: readers of neighbors would else see one class
 * after the other.
 * @throws UserError
 */
export function partsOf(
  { parts, several }: Layout,
  root: string,
  options: SpecOptions,
  { trained }: Reader,
): Parts {
  if ('drawn' in parts) return drawn(parts.drawn, root, options, several);
  const { train, validation, test } = parts;
  if (train && !validation && !test) {
    const note = `${root} holds ${train.folder}, and neither val nor test: the test set is drawn from it`;
    const own = drawn(train.entries, `${root}/${train.folder}`, options, several);
    return { ...own, notes: [note, ...own.notes] };
  }
  const tested = test ?? validation;
  // Of data for a model that is trained already, one part is enough.
  if (!train && !trained)
    throw new UserError(`${root} holds ${tested?.folder}, and no train: put what is to be learned there`, 2);
  if (options.get('test') !== undefined)
    throw new UserError(
      `--data option test: nothing is drawn, since ${root} has a test set (${tested!.folder})`,
      2,
    );
  const random = new Random(wholeOption(options, 'seed', 1));
  const mixed = (entries: readonly Entry[]) => shuffled(entries.length, random).map((at) => entries[at]!);
  const textOf = (part: { folder: string; entries: Entry[] } | undefined) =>
    part ? `all ${pictures(part.entries)} of ${root}/${part.folder}` : 'no pictures';
  const isValidated = test && validation;
  return {
    train: mixed(train?.entries ?? []),
    test: mixed(tested!.entries),
    validation: isValidated && mixed(validation.entries),
    texts: { train: textOf(train), test: textOf(tested) },
    notes: isValidated ? [`validation set: ${textOf(validation)}`] : [],
  };
}

function drawn(
  entries: readonly Entry[],
  root: string,
  options: SpecOptions,
  several: boolean | undefined,
): Parts {
  const { share, seed, train, test } = several
    ? drawTest(entries.length, options)
    : drawStratified(
        entries.map(({ name }) => name),
        options,
      );
  const text = ({ length }: number[]) =>
    `${length} of the ${pictures(entries)} of ${root}, drawn by test=${share}&seed=${seed}${several ? '' : ', the same share of each class'}`;
  return {
    train: train.map((at) => entries[at]!),
    test: test.map((at) => entries[at]!),
    validation: undefined,
    texts: { train: text(train), test: text(test) },
    notes: [],
  };
}

const pictures = ({ length }: readonly unknown[]): string => `${length} picture${length === 1 ? '' : 's'}`;
