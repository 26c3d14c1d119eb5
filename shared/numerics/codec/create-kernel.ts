/** The kernel that this machine can have: WebAssembly SIMD unless it is absent. */
import type { CodeKernel } from './code-kernel.js';
import { typescriptKernel } from './typescript-kernel.js';
import { wasmKernel } from './wasm-kernel.js';

let kernel: CodeKernel | undefined;

export function createCodeKernel(): CodeKernel {
  kernel ??= wasmKernel() ?? typescriptKernel;
  return kernel;
}
