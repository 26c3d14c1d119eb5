/** The engines that a browser has on its processor, on the same small run, against the reference in Node. */
import { agreeWithTheReference } from './engine-run.js';

agreeWithTheReference(['compiled/wasm', 'eager/wasm', 'eager/cpu']);
