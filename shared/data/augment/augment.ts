/**
 * Augmentation: training pictures are changed by chance, anew in each epoch. What becomes of a picture is a function of
 * the run's seed, the epoch and the record's index alone, so that it is the same whoever computes it, and whenever.
 */
import { Random } from '../../numerics/random.js';
import { UserError } from '../../user-error.js';
import { type Manifest, newRecordArray, type RecordArray } from '../manifest.js';
import { OPERATIONS, type OperationRow } from './operations.js';
import { MAX_SIDE, type PictureShape } from './picture.js';

/** Sets these draws apart from those of the order of samples (1 to 3: `permutation.ts`). */
const STREAM = 4;

type Asked = { row: OperationRow; value: number };
type DataShapes = Pick<Manifest, 'x' | 'y' | 'label'>;

/** Changes the pictures of the training records `indices`, which lie in `x` one after the other, in place. */
export type Augment = (x: RecordArray, indices: Uint32Array, epoch: number) => void;

export const AUGMENT_USAGE = OPERATIONS.map(({ usage }) => usage).join(',');

/** @throws UserError where it is no list of operations */
export function parseAugment(text: string): Asked[] {
  const asked: Asked[] = [];
  for (const part of text.split(',')) {
    const [, name, given] = /^([^:]*)(?::(.*))?$/s.exec(part)!;
    const row = OPERATIONS.find((one) => one.name === name);
    if (!row) throw new UserError(`--augment has ${JSON.stringify(name)}: it takes ${AUGMENT_USAGE}`, 2);
    if (asked.some((one) => one.row === row))
      throw new UserError(`--augment has ${name} twice: leave one of them out`, 2);
    const value =
      given !== undefined && /^(\d{1,6}(\.\d{0,8})?|\.\d{1,8})$/.test(given) ? Number(given) : NaN;
    if (!row.takes && given !== undefined)
      throw new UserError(`--augment: ${name} takes no number, and has ${JSON.stringify(given)}`, 2);
    if (row.takes && !row.takes.fits(value)) {
      const got = given === undefined ? 'nothing' : JSON.stringify(given);
      throw new UserError(`--augment: ${row.usage} takes ${row.takes.must}, not ${got}`, 2);
    }
    asked.push({ row, value });
  }
  return asked;
}

/**
 * @param text as `--augment` takes it
 * @throws UserError where the records are no pictures of a label each, or too small for an operation
 */
export function createAugment(text: string, seed: number, data: DataShapes): Augment {
  const asked = parseAugment(text);
  const shape = pictureShapeOf(data);
  for (const { row, value } of asked) {
    const misfit = row.misfit?.(value, shape);
    if (misfit) throw new UserError(`--augment ${row.name}:${value}: ${misfit}`);
  }
  const operations = asked.map(({ row, value }) => row.make(value));
  const length = shape.height * shape.width * shape.channels;
  const scratch = newRecordArray(data.x.dtype, length);
  return (x, indices, epoch) => {
    for (let i = 0; i < indices.length; i++) {
      const picture = x.subarray(i * length, (i + 1) * length);
      const random = new Random(seed, epoch, STREAM, indices[i]!);
      for (const change of operations) change(picture, scratch, shape, random);
    }
  };
}

function pictureShapeOf({ x, y, label }: DataShapes): PictureShape {
  const [height, width, channels] = x.shape;
  if (x.shape.length !== 3 || x.dtype === 'int32') {
    const remedy = 'leave it out, or give a table of pixels its shape (shape=28x28x1)';
    throw new UserError(`--augment is for pictures, and a record is ${x.dtype} [${x.shape}]: ${remedy}`);
  }
  if (label.kind === 'class' && y.shape.length > 0)
    throw new UserError('--augment moves pixels, and not the classes that each of them has: leave it out');
  if (height! > MAX_SIDE || width! > MAX_SIDE)
    throw new UserError(
      `--augment takes pictures of at most ${MAX_SIDE} pixels a side, not ${height} x ${width}`,
    );
  return { height: height!, width: width!, channels: channels! };
}
