/** Float32 elements of one chunk: 512 KiB of payload, the best frame size measured for `ws`. */
export const CHUNK_ELEMENTS = 131_072;
