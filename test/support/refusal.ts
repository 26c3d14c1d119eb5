import { expect } from 'vitest';
import { UserError } from '../../shared/user-error.js';

/** The one line with which `attempt` is refused. Fails if it succeeds, or fails with another kind of error. */
export async function refusalOf(attempt: Promise<unknown> | (() => unknown)): Promise<string> {
  let error: unknown;
  try {
    await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  return message;
}
