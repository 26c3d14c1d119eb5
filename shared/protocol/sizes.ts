/** How long messages are, in bytes. */
import { MAX_FRAME_BYTES } from './frame.js';

/** Of both sides: frames, leases of many shards, and a confusion matrix of 500 classes are the longest. */
export const MAX_MESSAGE_BYTES = Math.max(1 << 20, MAX_FRAME_BYTES);

/** The longest control message but `evaluated`: `ready`, with 2,300 characters of up to three bytes. */
export const MAX_CONTROL_BYTES = 8 << 10;
/** Bytes of one integer in MessagePack, at most. */
const MAX_INTEGER_BYTES = 5;

/** Sums of an evaluation that have names, at most: they fit the bound of a control message with those. */
export const MAX_SCORES = 16;

/** Outputs of a model that has several: each has two sums. */
export const MAX_OUTPUTS = MAX_SCORES / 2;

/** Bytes of `evaluated`, at most, with so many counts of confusions, and so many places on curves. */
export const evaluatedBytes = (cells: number, places = 0): number =>
  MAX_CONTROL_BYTES + MAX_INTEGER_BYTES * (cells + places);

/** Characters of what workers say for people to read. */
export const MAX_NAME = 100;
export const MAX_ENGINE_CLASS = 200;
export const MAX_REASON = 2000;
/** Characters of `--augment`: more than all of its operations take. */
export const MAX_AUGMENT = 200;

/** Lanes that a worker may tell of. */
export const MAX_LANES = 1024;
