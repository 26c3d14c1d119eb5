/**
 * To be imported before msgpackr: what strangers send is read by JavaScript alone, and not by the native code of
 * msgpackr-extract, which npm installs beside it. (Messages are short: it would not be faster.)
 */
const { process } = globalThis as { process?: { env?: Record<string, string> } };
if (process?.env) process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true';

export {};
