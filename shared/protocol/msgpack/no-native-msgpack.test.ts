/** Strangers' bytes are read by JavaScript: native code beside it, which may be installed, is not used. */
import { expect, it } from 'vitest';

it('the messages of strangers are read without native code', async () => {
  await import('../codec.js');
  const { isNativeAccelerationEnabled } = await import('msgpackr');
  expect(isNativeAccelerationEnabled).toBe(false);
});
