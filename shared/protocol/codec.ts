/** Control messages to bytes and back. Plain maps only: no records, no extension types, no classes. */
import './msgpack/no-native-msgpack.js';

import { Packr, Unpackr } from 'msgpackr';
import type { CoordinatorMessage, Message, WorkerMessage } from './messages.js';
import { checkMsgpack } from './msgpack/check-msgpack.js';
import { validateCoordinatorMessage, validateWorkerMessage } from './validate.js';

const options = { useRecords: false, mapsAsObjects: true, int64AsType: 'number' } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

export function encode(message: Message): Uint8Array {
  return packr.pack(message);
}

function decode(bytes: Uint8Array): unknown {
  // Throws for all that the parser would throw for.
  checkMsgpack(bytes);
  return unpackr.unpack(bytes);
}

/** @throws MessageError */
export const decodeWorkerMessage = (bytes: Uint8Array): WorkerMessage => validateWorkerMessage(decode(bytes));

/** @throws MessageError */
export const decodeCoordinatorMessage = (bytes: Uint8Array): CoordinatorMessage =>
  validateCoordinatorMessage(decode(bytes));
