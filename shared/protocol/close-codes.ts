/**
 * Why a connection is closed: one WebSocket close code for each reason, from the private range.
 * `retry` tells a worker whether coming back can help.
 */
export const CLOSE = {
  finished: { code: 4000, retry: false, meaning: 'the run is over' },
  leaving: { code: 4001, retry: false, meaning: 'the worker leaves of its own will' },
  protocolVersion: { code: 4400, retry: false, meaning: 'the two sides speak different protocol versions' },
  malformed: { code: 4401, retry: false, meaning: 'a message or frame that the protocol does not know' },
  unexpected: { code: 4402, retry: false, meaning: 'a well-formed message at a time when it makes no sense' },
  joinTimeout: { code: 4403, retry: true, meaning: 'no join message in time' },
  engineClass: {
    code: 4404,
    retry: false,
    meaning: 'the run asks for an engine class that the worker lacks',
  },
  wrongShape: { code: 4405, retry: false, meaning: 'a contribution of the wrong shape or sample count' },
  notFinite: { code: 4406, retry: true, meaning: 'NaN or infinity where another worker computed numbers' },
  silent: { code: 4408, retry: true, meaning: 'no heartbeat for too long' },
  notReady: {
    code: 4425,
    retry: true,
    meaning: 'no engine, or not all of the weights, in the time that it takes',
  },
  leaseExpired: { code: 4409, retry: true, meaning: 'a lease ran out' },
  notReading: { code: 4410, retry: true, meaning: 'the worker does not read what it is sent' },
  failed: { code: 4407, retry: true, meaning: 'the worker could not compute what it was leased' },
  removed: { code: 4411, retry: false, meaning: 'an admin has removed the worker' },
  overNorm: {
    code: 4420,
    retry: true,
    meaning: 'a contribution far larger than those of others',
  },
  unable: {
    code: 4430,
    retry: false,
    meaning: 'the worker cannot take part: its engines or its data do not serve',
  },
  banned: { code: 4421, retry: false, meaning: 'the worker was found to contribute what is wrong' },
  restarting: { code: 4412, retry: true, meaning: 'the coordinator stops and may come back' },
  unauthorized: { code: 4413, retry: false, meaning: 'no token, or one that is not valid' },
  forbidden: { code: 4414, retry: false, meaning: "the token's role may not do this" },
  revoked: { code: 4415, retry: false, meaning: 'the token was revoked' },
  expired: {
    code: 4424,
    retry: true,
    meaning: 'the token has expired, by the clock of the coordinator, which may have jumped',
  },
  tooManyAttempts: { code: 4416, retry: true, meaning: 'too many wrong tokens from this address' },
  internal: { code: 4422, retry: true, meaning: 'the coordinator failed at what it was sent' },
  tooManyMessages: { code: 4417, retry: true, meaning: 'more messages a second than any worker needs' },
  tooManyConnections: { code: 4423, retry: true, meaning: 'no place is left among those that take part' },
  tooManyJoins: { code: 4419, retry: true, meaning: 'more joins a minute than any worker needs' },
  tooManyBytes: { code: 4418, retry: true, meaning: 'more bytes of control messages than any worker needs' },
} as const;

export type CloseReason = keyof typeof CLOSE;

/** WebSocket close frames carry at most 123 bytes of reason; a longer text is cut, never refused. */
export function closeText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= 123
    ? text
    : `${new TextDecoder().decode(bytes.subarray(0, 120)).replace(/\uFFFD+$/, '')}…`;
}

/** Whether a worker whose connection closed with `code` should try again. Unknown codes: yes. */
export function mayRetry(code: number): boolean {
  return Object.values(CLOSE).find((entry) => entry.code === code)?.retry ?? true;
}
