/** A message that the protocol does not know: its text names what is wrong. */
export class MessageError extends Error {}
