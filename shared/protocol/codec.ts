/** Control messages to bytes and back. Plain maps only: no records, no extension types, no classes. */
import { Packr, Unpackr } from 'msgpackr';
import { checkMsgpack } from './check-msgpack.js';
import { MessageError } from './message-error.js';
import type { CoordinatorMessage, Message, WorkerMessage } from './messages.js';
import { validateCoordinatorMessage, validateWorkerMessage } from './validate.js';

const options = { useRecords: false, mapsAsObjects: true, int64AsType: 'number' } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

export function encode(message: Message): Uint8Array {
  return packr.pack(message);
}

function decode(bytes: Uint8Array): unknown {
  checkMsgpack(bytes);
  try {
    return unpackr.unpack(bytes);
  } catch (error) {
    throw new MessageError(`not msgpack: ${error instanceof Error ? error.message : error}`);
  }
}

/** @throws MessageError */
export const decodeWorkerMessage = (bytes: Uint8Array): WorkerMessage => validateWorkerMessage(decode(bytes));

/** @throws MessageError */
export const decodeCoordinatorMessage = (bytes: Uint8Array): CoordinatorMessage =>
  validateCoordinatorMessage(decode(bytes));
