/** What `--augment` makes of pictures: the same bits in every runtime. */
import { createAugment } from '../../shared/data/augment/augment.js';
import type { RecordArray } from '../../shared/data/manifest.js';
import { mix } from '../../shared/numerics/random.js';
import { type Contract, equal } from './contract.js';

const RECORDS = 300;
const SHAPE = [15, 12, 3];
const SPEC = 'rotate:180,flip,crop:3,brightness:0.3,cutout:5';

/** One number of all bits of the pictures that come of known ones. */
function bitsOf(dtype: 'uint8' | 'float32'): number {
  const data = {
    x: { shape: SHAPE, dtype },
    y: { shape: [], dtype: 'int32' },
    label: { kind: 'class', classes: 2 },
  } as const;
  const length = RECORDS * SHAPE[0]! * SHAPE[1]! * SHAPE[2]!;
  const known = Uint8Array.from({ length }, (_, i) => mix(i));
  const x: RecordArray = dtype === 'uint8' ? known : Float32Array.from(known, (value) => value / 255 - 0.4);
  const indices = Uint32Array.from({ length: RECORDS }, (_, i) => 7 * i);
  createAugment(SPEC, 11, { ...data, x: { ...data.x, shape: [...SHAPE] }, y: { ...data.y, shape: [] } })(
    x,
    indices,
    3,
  );
  return new Uint32Array(x.buffer).reduce((hash, word) => mix(hash, word), 0);
}

export const augmentContract: Contract<void> = {
  'makes these bits of bytes': async () => equal(bitsOf('uint8'), 2601097642),
  'makes these bits of float32 values': async () => equal(bitsOf('float32'), 1872204802),
};
