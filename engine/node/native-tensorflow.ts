/**
 * TF.js on TensorFlow's own kernels: `@tensorflow/tfjs-node` and `-gpu`, which users install themselves, beside
 * swarmgrad or in a folder that they name. Never from the working folder: a stranger who prepared that folder would have
 * their code run. Both are one backend to TF.js, so a process has one of them.
 */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { messageOf } from '../../shared/user-error.js';

export type NativePackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

/** The packages use functions that later versions of Node have dropped (util.isNullOrUndefined). */
const LAST_NODE = 22;

let loaded: NativePackage | undefined;

interface Surroundings {
  nodeVersion: string;
  /** The folder whose node_modules has the packages, if they are not installed beside swarmgrad. */
  folder: string | undefined;
}

/** @throws Error saying why this process cannot have it */
export function loadNative(
  packageName: NativePackage,
  { nodeVersion, folder }: Surroundings = {
    nodeVersion: process.versions.node,
    folder: process.env.SWARMGRAD_TFJS_NODE || undefined,
  },
): typeof TensorFlow {
  const require = requireThatFinds(packageName, folder);
  const major = Number(nodeVersion.split('.')[0]);
  if (major > LAST_NODE) {
    throw new Error(`${packageName} does not run on Node ${major}: use Node 20 or 22, or another engine`);
  }
  if (loaded && loaded !== packageName)
    throw new Error(`${loaded} is in use already, a process has one of them`);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // GPU kernels that add in an order of their own would give other bits in every run.
  process.env.TF_DETERMINISTIC_OPS ??= '1';
  try {
    const tf = require(packageName) as typeof TensorFlow;
    loaded = packageName;
    return tf;
  } catch (error) {
    const [why] = messageOf(error).trim().split('\n');
    throw new Error(`${packageName} is installed but does not load (${why}): npm rebuild ${packageName}`);
  }
}

/**
 * What decides bits beside the version of TF.js: TensorFlow's own version, and, as it chooses its kernels and cuts
 * its work by them, the processor and its threads.
 */
export function nativeClass(tf: typeof TensorFlow): string {
  const { binding } = tf.backend() as unknown as { binding?: { TF_Version?: string } };
  const model = (cpus()[0]?.model ?? process.arch).trim().replace(/\s+/g, '-');
  return `tf${binding?.TF_Version ?? '?'}+${process.platform}+${model}x${availableParallelism()}`;
}

function requireThatFinds(packageName: NativePackage, folder: string | undefined): NodeJS.Require {
  const places = folder === undefined ? [] : [join(resolve(folder), 'package.json')];
  for (const from of [...places, import.meta.url]) {
    const require = createRequire(from);
    try {
      require.resolve(packageName);
      return require;
    } catch {
      // Perhaps from the next place.
    }
  }
  throw new Error(`${packageName} is not installed`);
}
