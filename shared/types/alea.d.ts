/** The generator within the package `seedrandom`, whose own types cover its main file alone. */
declare module 'seedrandom/lib/alea.js' {
  /** @returns a function that gives uniform numbers in [0, 1), the same for the same seed */
  export default function alea(seed: string): () => number;
}
