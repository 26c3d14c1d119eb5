/** A lease as it went: what deadlines are made from. */
export interface Turnaround {
  samples: number;
  computeMs: number;
  /** Milliseconds from the lease, or from the end of the worker's previous lease, to its last byte. */
  turnaroundMs: number;
}
