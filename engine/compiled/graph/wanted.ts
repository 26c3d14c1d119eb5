/** Which graph is wanted of the model, for so many samples. */
export interface GraphWanted {
  kind: 'gradient' | 'evaluation';
  samples: number;
  /** Positions of each record's x, where records are tokens: a bucket. */
  length?: number;
}

/** Names it: `gradient:16`, and of tokens `gradient:16x24`. */
export const keyOf = ({ kind, samples, length }: GraphWanted): string =>
  `${kind}:${samples}${length === undefined ? '' : `x${length}`}`;
