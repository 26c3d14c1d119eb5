/**
 * `text:FILE`: UTF-8 text, gzip or not, as sequences of characters. A record is a window of the text: x its
 * characters' numbers, y those of the characters that follow each of them. The vocabulary, all characters of
 * the file in code point order, is the list of class names. Options: `length` of a window (64), `stride`
 * between the training windows' beginnings (default: the length), `test` (share of the text, 0.1).
 *
 * The test part is the end of the text. No window reaches over the border, and test windows do not overlap:
 * each character is judged once, whatever the stride.
 */
import { messageOf, UserError } from '../../shared/user-error.js';
import { readDataFile } from './files.js';
import { allowOnly, wholeOption } from './options.js';
import type { DataSource, Records } from './source.js';

const LENGTH = 64;
const TEST_SHARE = 0.1;
/** The store keeps records in memory. */
const MAX_BYTES = 2 ** 30;

export const text: DataSource = {
  scheme: 'text',
  async open(file, query) {
    allowOnly('text', query, ['length', 'stride', 'test']);
    if (file === '') throw new UserError('--data text needs a file: text:FILE', 2);
    const length = wholeOption(query, 'length', LENGTH, 1);
    const stride = wholeOption(query, 'stride', length, 1);
    const characters = Array.from(decode(file, await readDataFile(file)));
    const names = [...new Set(characters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
    const numbers = new Map(names.map((name, number) => [name, number]));
    const tokens = Int32Array.from(characters, (character) => numbers.get(character)!);

    const border = tokens.length - Math.round(tokens.length * shareOption(query));
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
      normalisation: { scale: 1, mean: [0], std: [1] },
      train: part('training', 0, border, stride),
      test: part('test', border, tokens.length, length),
    };
  },
};

/** @throws UserError unless the bytes are UTF-8 */
function decode(file: string, bytes: Buffer): string {
  if (bytes.length === 0) throw new UserError(`${file} is empty: there is nothing to learn from`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UserError(`${file} is no UTF-8 text (${messageOf(error)}): convert it first`);
  }
}

function shareOption(query: URLSearchParams): number {
  const given = query.get('test');
  const share = given === null ? TEST_SHARE : Number(given || Number.NaN);
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
