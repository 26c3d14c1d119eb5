/** Parses `unknown` into a message, once, at the edge of each side. An error names the field that is wrong. */
import type * as z from 'zod';
import {
  type CoordinatorMessage,
  coordinatorMessage,
  type WorkerMessage,
  workerMessage,
} from './messages.js';
import { MessageError } from './msgpack/message-error.js';

/** @throws MessageError */
export const validateWorkerMessage = (value: unknown): WorkerMessage => check(workerMessage, value);

/** @throws MessageError */
export const validateCoordinatorMessage = (value: unknown): CoordinatorMessage =>
  check(coordinatorMessage, value);

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const type = (value as { type?: unknown } | null)?.type;
  const where = issue.path.length > 0 ? `field ${issue.path.join('.')}` : 'message';
  throw new MessageError(
    `${typeof type === 'string' ? `${type.slice(0, 40)}: ` : ''}${where}: ${issue.message}`,
  );
}
