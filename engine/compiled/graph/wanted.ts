/** Which graph is wanted of the model, for so many samples. */
export interface GraphWanted {
  kind: 'gradient' | 'evaluation';
  samples: number;
}
