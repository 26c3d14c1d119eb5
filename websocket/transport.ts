/** Who reads and writes the frames of a WebSocket after its handshake. */

/** `own`: the code beside this; `ws`: the package of that name, slower, for whoever suspects ours. */
export const TRANSPORTS = ['own', 'ws'] as const;
export type Transport = (typeof TRANSPORTS)[number];
