import { expect, it } from 'vitest';
import { startCoordinator, UserError } from '../../index.js';

it('errors of the library have a code, and call options as a program writes them', async () => {
  const error = await startCoordinator({ epochs: 2, steps: 10 }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    code: 'SWARMGRAD_USAGE',
    message: expect.stringMatching(/^epochs and steps both/),
  });
});
