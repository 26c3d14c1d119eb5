/** Where our own server has the binaries of TF.js's wasm backend. */
import scalarWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';

export const wasmPaths = {
  'tfjs-backend-wasm.wasm': scalarWasm,
  'tfjs-backend-wasm-simd.wasm': simdWasm,
  // Asked for by name, though never used: its threads are switched off.
  'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
};
