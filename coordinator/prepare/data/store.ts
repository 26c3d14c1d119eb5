/**
 * Data as content-addressed objects: a data set becomes immutable chunks of about 1 MiB, named by their
 * SHA-256, and a manifest that lists them. Kept in memory, unless they are stored already (built/).
 */
import { createHash } from 'node:crypto';
import { type Manifest, type RecordArray, recordBytes, WEIGHT_BYTES } from '../../../shared/data/manifest.js';
import type { DataSet, Objects } from './source.js';

const CHUNK_BYTES = 1 << 20;

/** Objects by the SHA-256 of their bytes, in lower-case hexadecimal. */
export class ObjectStore implements Objects {
  private readonly objects = new Map<string, Buffer>();

  /** @param stored what is read from elsewhere */
  constructor(private readonly stored?: Objects) {}

  put(bytes: Buffer): string {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.objects.set(sha256, bytes);
    return sha256;
  }

  get(sha256: string): Buffer | undefined {
    return this.objects.get(sha256) ?? this.stored?.get(sha256);
  }
}

/** SHA-256 of what a data set holds: its name, which tells where its files lie, is no part of that. */
export const contentHash = ({ name: _, ...content }: Manifest): string => hashOf(content);

/** SHA-256 of the manifest that the same data had where they lay under another name. */
export const hashUnderName = (manifest: Manifest, name: string): string => hashOf({ ...manifest, name });

const hashOf = (document: object): string =>
  createHash('sha256').update(JSON.stringify(document)).digest('hex');

/**
 * Puts one part of a data set into the store, unless it is stored already. A record is its x, then its y, and its weight
 * where training records have one, little-endian.
 */
export function storeSplit(
  store: { put(bytes: Buffer): string },
  data: DataSet,
  split: 'train' | 'test',
): Manifest {
  if (data.stored) return { ...data.stored[split], name: data.name, normalisation: data.normalisation };
  const { count, x, y } = data[split];
  const weight = split === 'train' ? data.train.weight : undefined;
  const weighted = weight ? { weighted: true as const } : {};
  const bytesPerRecord = recordBytes({ ...data, ...weighted });
  const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / bytesPerRecord));
  const [xBytes, yBytes] = [bytesOf(x), bytesOf(y)];
  const yLength = yBytes.length / Math.max(1, count);
  const weightBytes = weight && bytesOf(weight);
  const weightLength = weight ? WEIGHT_BYTES : 0;
  const xLength = bytesPerRecord - yLength - weightLength;
  const manifest: Manifest = {
    format: data.named || data.tokens ? 2 : 1,
    name: data.name,
    split,
    records: count,
    x: data.x,
    y: data.y,
    label: data.label,
    ...(data.named ? { named: data.named } : {}),
    ...weighted,
    ...(data.columns ? { columns: data.columns } : {}),
    ...(data.tokens ? { tokens: data.tokens } : {}),
    normalisation: data.normalisation,
    recordsPerChunk,
    chunks: [],
  };
  for (let first = 0; first < count; first += recordsPerChunk) {
    const records = Math.min(recordsPerChunk, count - first);
    const chunk = Buffer.alloc(records * bytesPerRecord);
    for (let record = 0; record < records; record++) {
      const at = record * bytesPerRecord;
      const index = first + record;
      chunk.set(xBytes.subarray(index * xLength, (index + 1) * xLength), at);
      chunk.set(yBytes.subarray(index * yLength, (index + 1) * yLength), at + xLength);
      if (weightBytes)
        chunk.set(
          weightBytes.subarray(index * weightLength, (index + 1) * weightLength),
          at + xLength + yLength,
        );
    }
    manifest.chunks.push({ sha256: store.put(chunk), records, bytes: chunk.length });
  }
  return manifest;
}

/** All supported machines are little-endian, as the format is. */
function bytesOf(values: RecordArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
