/**
 * V8 compiles a WebAssembly function anew, at great length, when it has run for a while: up to four seconds of a
 * processor for each ONNX Runtime that a test starts, in Node and in tabs, and most end before that pays. With this flag a function must run a
 * hundred times longer. Its results are the same: WebAssembly leaves none of them open.
 */
export const LATE_WASM_TIERS = '--wasm-tiering-budget=200000000';
