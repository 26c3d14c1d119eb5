/**
 * A checkpoint file, from its first byte to its last:
 *
 *     8 bytes   magic `SWGRADCK`
 *     u32       format version
 *     u32       length of the header in bytes
 *     header    JSON, UTF-8: `CheckpointHeader`
 *     sections  raw float32, one after the other, in the header's order
 *     32 bytes  SHA-256 of everything before
 *
 * Numbers are little-endian, and so must the machine be: sections are written as they lie in memory.
 */
import type { RecordFormat } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import type { Change } from '../../../shared/status/monitoring.js';
import type { GivenCoordinatorOptions } from '../../options/options.js';
import type { StoredProgress } from '../../run/progress.js';
import type { Totals } from '../../scheduling/totals.js';
import type { Origins } from '../folder/origins.js';

export const PREFIX_BYTES = 16;
export const DIGEST_BYTES = 32;
export const FORMAT_VERSION = 1;
const MAGIC = Buffer.from('SWGRADCK', 'latin1');

/**
 * All that a run must remember besides its vectors. Where the next step begins, the order of samples and
 * dropout need no memory: they are functions of the step and of the configuration, its seed included.
 */
export interface CheckpointState {
  progress: StoredProgress;
  /** What decides the result. */
  configuration: GivenCoordinatorOptions;
  /** What was trained, and on what kind of records: so the weights can be used without the data's source. */
  model: ModelDescription;
  records: RecordFormat;
  /** What each worker has given. */
  workers: Totals[];
  bytes: { down: number; up: number };
  /** Records of the training set, to count the configuration's epochs in steps. Absent in older files. */
  trainRecords?: number;
  /** What admins have changed so far. Absent in files of older versions. */
  changes?: Change[];
  /** What the run was made of until now. Absent in files of older versions. */
  origins?: Origins;
}

/** A vector that lasts, in pieces that the run changes in place. */
export interface Section {
  name: string;
  chunks: readonly Float32Array[];
}

export interface CheckpointHeader {
  state: CheckpointState;
  sections: { name: string; elements: number }[];
}

/** Why a file cannot be used, in words that go on after its name. */
export class DamagedCheckpoint extends Error {}

export function encodeHeader(header: CheckpointHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(FORMAT_VERSION, 8);
  prefix.writeUInt32LE(json.length, 12);
  return Buffer.concat([prefix, json]);
}

/** @returns the header's length in bytes. @throws DamagedCheckpoint */
export function readPrefix(prefix: Buffer, fileBytes: number): number {
  if (!prefix.subarray(0, MAGIC.length).equals(MAGIC))
    throw new DamagedCheckpoint('is not a checkpoint (wrong magic)');
  const version = prefix.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    throw new DamagedCheckpoint(`has format version ${version}, this program reads ${FORMAT_VERSION}`);
  }
  const length = prefix.readUInt32LE(12);
  if (PREFIX_BYTES + length + DIGEST_BYTES > fileBytes)
    throw new DamagedCheckpoint('is truncated within its header');
  return length;
}

/** @throws DamagedCheckpoint, also where the sections do not add up to the file's size */
export function decodeHeader(json: Buffer, fileBytes: number): CheckpointHeader {
  const header = parse(json);
  const elements = header.sections.reduce((sum, section) => sum + section.elements, 0);
  const expected = PREFIX_BYTES + json.length + 4 * elements + DIGEST_BYTES;
  if (expected !== fileBytes) {
    throw new DamagedCheckpoint(`is truncated or damaged (${fileBytes} bytes instead of ${expected})`);
  }
  return header;
}

/** The digest is checked only after the sections, so the header's shape must not be trusted before. */
function parse(json: Buffer): CheckpointHeader {
  let header: Partial<CheckpointHeader> | null;
  try {
    header = JSON.parse(json.toString());
  } catch {
    throw new DamagedCheckpoint('has a damaged header');
  }
  const sound =
    Array.isArray(header?.sections) &&
    header.sections.every(
      ({ name, elements }) => typeof name === 'string' && Number.isSafeInteger(elements) && elements >= 0,
    ) &&
    Number.isSafeInteger(header.state?.progress?.step);
  if (!sound) throw new DamagedCheckpoint('has a damaged header');
  return header as CheckpointHeader;
}
