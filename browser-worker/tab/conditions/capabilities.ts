/** Says what this browser lacks for contributing, in plain sentences that say what to do. */
import { findWebGl, type WebGl } from '../../compute/gpu.js';

/** A module with one SIMD instruction: whether it is valid tells whether the browser knows SIMD. */
const SIMD_MODULE = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
]);

export interface Capabilities {
  secureContext: boolean;
  webGl: WebGl | undefined;
  webAssembly: boolean;
  simd: boolean;
}

export function capabilities(): Capabilities {
  const webAssembly = typeof WebAssembly !== 'undefined';
  return {
    secureContext: globalThis.isSecureContext,
    webGl: findWebGl(),
    webAssembly,
    simd: webAssembly && WebAssembly.validate(SIMD_MODULE),
  };
}

/** One sentence for each thing that is missing; empty where nothing is. */
export function missingCapabilities({ secureContext, webGl, webAssembly, simd }: Capabilities): string[] {
  const sentences: string[] = [];
  if (!secureContext) {
    sentences.push(
      'This page came over plain http, so the browser offers no WebGPU, no threads and no storage for data: ' +
        'open it by https, or as http://localhost on the machine of the coordinator, to use them.',
    );
  }
  if (!webGl || webGl.isSoftware) {
    const why = webGl ? `draws by the processor (${webGl.renderer})` : 'offers no WebGL';
    sentences.push(
      `This browser ${why}, so a graphics processor cannot help: switch on hardware acceleration in its settings.`,
    );
  }
  if (!webAssembly) {
    sentences.push(
      'This browser has no WebAssembly, so computing is slow: allow it in the settings, or use a newer browser.',
    );
  } else if (!simd) {
    sentences.push('This browser has no WebAssembly SIMD, so computing is slower: use a newer browser.');
  }
  return sentences;
}
