/**
 * The engines that there are, in Node and in browsers, and what is known of each: a row each.
 *
 * An engine class is `ENGINE@VERSION`, with whatever else decides bits. Within one, bits are meant to be equal; that
 * they are on every machine is known only of rows that say so. What a worker says of its class is a claim.
 */
interface Traits {
  /** A GPU can be lost, and its kernels may even add in another order each time. */
  device: 'cpu' | 'gpu';
  /** Its arithmetic is fixed by specification: a machine with other bits lies, or is broken. */
  isSameEverywhere?: true;
  /** It has threads of its own, for all processors: several of it in one process would be in each other's way. */
  takesAllProcessors?: true;
}

const ENGINES = {
  'compiled/cpu': { device: 'cpu' },
  // ONNX Runtime in WebAssembly on one thread, without relaxed SIMD.
  'compiled/wasm': { device: 'cpu', isSameEverywhere: true },
  'compiled/cuda': { device: 'gpu' },
  'compiled/webgpu': { device: 'gpu' },
  'eager/cpu': { device: 'cpu' },
  'eager/wasm': { device: 'cpu' },
  'eager/node': { device: 'cpu', takesAllProcessors: true },
  'eager/node-gpu': { device: 'gpu' },
  'eager/webgl': { device: 'gpu' },
  'eager/webgpu': { device: 'gpu' },
} satisfies Record<string, Traits>;

export type EngineName = keyof typeof ENGINES;

export const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

export const classOf = (engine: string, ...decides: string[]): string => `${engine}@${decides.join('+')}`;

/** The engine of a class: `compiled/wasm` of `compiled/wasm@1.23.0`. */
export const engineOf = (engineClass: string): string => engineClass.split('@')[0]!;

/** @param engine its name, or its class; nothing is known of an engine that is not in the table */
function traitsOf(engine: string): Traits | undefined {
  const name = engineOf(engine);
  return Object.hasOwn(ENGINES, name) ? ENGINES[name as EngineName] : undefined;
}

export const isOfGpu = (engine: string): boolean => traitsOf(engine)?.device === 'gpu';

export const isSameEverywhere = (engine: string): boolean => traitsOf(engine)?.isSameEverywhere ?? false;

/** Whether a machine has as many of it as it has processors; of a GPU, say, there is one. */
export function hasLanes(engine: string): boolean {
  const traits = traitsOf(engine);
  return traits?.device === 'cpu' && !traits.takesAllProcessors;
}

/** Whether two results of these classes must have the same bits, on whichever machines they were computed. */
export const mustAgree = (a: string, b: string): boolean => a === b && isSameEverywhere(a);

/** That of which the coordinator, whatever its machine, can recompute a result to the bit. */
export const UNIVERSAL_ENGINE: EngineName = ENGINE_NAMES.find(isSameEverywhere)!;
