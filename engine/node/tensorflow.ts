/**
 * TF.js in Node, loaded as the CommonJS that it is. For an `import` Node would first search its megabytes for the
 * names that they export: twice the time, of every start of a coordinator.
 */
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

export const loadTensorFlow = (): typeof TensorFlow => createRequire(import.meta.url)('@tensorflow/tfjs');
