/** The names of the codes of weights. */

/** What `welcome` says of it. */
export const WEIGHTS_CODINGS = ['bf16', 'delta8', 'delta4'] as const;
export type WeightsCoding = (typeof WEIGHTS_CODINGS)[number];

/** `--weights`. */
export const WEIGHTS_CODES = ['f32', ...WEIGHTS_CODINGS] as const;
