/** The kernels that this machine can have. */
import type { Kernels } from './kernels.js';
import { typescriptKernels } from './typescript.js';
import { wasmKernels } from './wasm.js';

/**
 * @param options.capacityFloats elements that will be allocated at most at the same time
 * @param options.kind WebAssembly unless it is absent or its 4 GiB are too few; `kind` of the result says
 * @throws Error if `kind` is `wasm` and that cannot be had
 */
export function createKernels(options: { capacityFloats: number; kind?: Kernels['kind'] }): Kernels {
  if (options.kind === 'typescript') return typescriptKernels();
  const kernels = wasmKernels(options.capacityFloats);
  if (!kernels && options.kind === 'wasm') {
    throw new Error(`no WebAssembly SIMD with room for ${options.capacityFloats} float32 elements`);
  }
  return kernels ?? typescriptKernels();
}
