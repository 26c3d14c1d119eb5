/**
 * `text:FILE`: text, gzip or not, as sequences of characters. A record is a window of the text: x its
 * characters' numbers, y those of the characters that follow each of them. The vocabulary, all characters of
 * the file in code point order, is the list of class names. Options: `length` of a window (64), `stride`
 * between the training windows' beginnings (default: the length), `test` (share of the text, 0.1), `encoding`
 * (default: UTF-8, or what a byte order mark says).
 *
 * The test part is the end of the text. No window reaches over the border, and test windows do not overlap:
 * each character is judged once, for every stride.
 */
import { UserError } from '../../../../shared/user-error.js';
import { decodeText } from '../files/decode.js';
import { readDataFile } from '../files/files.js';
import { wholeOption } from '../options.js';
import { FED_AS_STORED } from '../scaling/normalization.js';
import type { DataSource, Reader, Records } from '../source.js';
import type { SpecOptions } from '../spec.js';

const LENGTH = 64;
const TEST_SHARE = 0.1;
/** The store keeps records in memory. */
const MAX_BYTES = 2 ** 30;

export const text: DataSource = {
  scheme: 'text',
  usage: 'text:FILE',
  options: ['length', 'stride', 'test', 'encoding'],
  async open(file, options, reader) {
    if (file === '') throw new UserError('--data text needs a file: text:FILE', 2);
    const length = wholeOption(options, 'length', reader.trained?.x.shape[0] ?? LENGTH, 1);
    const stride = wholeOption(options, 'stride', length, 1);
    const bytes = await readDataFile(file);
    if (bytes.length === 0) throw new UserError(`${file} is empty: there is nothing to learn from`);
    const characters = Array.from(decodeText(file, bytes, options.get('encoding')));
    const names = vocabularyOf(file, characters, reader);
    const numbers = new Map(names.map((name, number) => [name, number]));
    const tokens = Int32Array.from(characters, (character) => numbers.get(character)!);

    const border = tokens.length - Math.round(tokens.length * shareOption(options));
    const dtype = names.length <= 256 ? 'uint8' : 'int32';
    const part = (split: string, from: number, to: number, step: number) => {
      if (to - from > length) return windows(tokens.subarray(from, to), { length, stride: step, dtype });
      throw new UserError(
        `${file} is too short: its ${split} part has ${to - from} characters, a window of length ${length} needs ${length + 1}; give a longer text, a smaller length, or another test share`,
      );
    };
    return {
      name: `text:${file}`,
      x: { shape: [length], dtype },
      y: { shape: [length], dtype },
      label: { kind: 'class', classes: names.length, names },
      normalisation: FED_AS_STORED,
      train: part('training', 0, border, stride),
      test: part('test', border, tokens.length, length),
      sequence: { overlap: Math.ceil((length + 1) / stride) - 1 },
      parts: {
        train: `the first ${border} of ${tokens.length} characters of ${file}`,
        test: `the last ${tokens.length - border} of ${tokens.length} characters of ${file}`,
      },
    };
  },
};

/** All characters in code point order, or those that a model was trained on. @throws UserError for one it lacks */
function vocabularyOf(file: string, characters: readonly string[], { trained }: Reader): string[] {
  const known = trained?.label.kind === 'class' ? trained.label.names : undefined;
  if (!known) return [...new Set(characters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const names = new Set(known);
  const at = characters.findIndex((character) => !names.has(character));
  if (at < 0) return known;
  const line = 1 + characters.slice(0, at).filter((character) => character === '\n').length;
  throw new UserError(
    `${file}, line ${line}: the model was trained on no ${JSON.stringify(characters[at])}: take it out of the text`,
  );
}

function shareOption(options: SpecOptions): number {
  const given = options.get('test');
  const share = given === undefined ? TEST_SHARE : Number(given || Number.NaN);
  if (share > 0 && share < 1) return share;
  throw new UserError(`--data option test must be a share between 0 and 1, not ${given}`, 2);
}

interface Windows {
  length: number;
  stride: number;
  dtype: 'uint8' | 'int32';
}

function windows(tokens: Int32Array, { length, stride, dtype }: Windows): Records {
  const count = Math.floor((tokens.length - length - 1) / stride) + 1;
  const ArrayType = dtype === 'uint8' ? Uint8Array : Int32Array;
  const bytes = 2 * count * length * ArrayType.BYTES_PER_ELEMENT;
  if (bytes > MAX_BYTES) {
    throw new UserError(
      `the windows of the text take ${(bytes / 2 ** 30).toFixed(1)} GiB: give a larger --data option stride`,
      2,
    );
  }
  const [x, y] = [new ArrayType(count * length), new ArrayType(count * length)];
  for (let window = 0; window < count; window++) {
    const from = window * stride;
    x.set(tokens.subarray(from, from + length), window * length);
    y.set(tokens.subarray(from + 1, from + length + 1), window * length);
  }
  return { count, x, y };
}
