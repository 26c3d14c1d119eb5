/** Set up for tests that run WebAssembly in their own process and its threads. */
import { setFlagsFromString } from 'node:v8';
import { LATE_WASM_TIERS } from './wasm-tiers.js';

setFlagsFromString(LATE_WASM_TIERS);
