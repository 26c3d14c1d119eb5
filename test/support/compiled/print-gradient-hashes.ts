/** Prints them from a process of its own, as a JSON object. */
import { gradientHashes } from './gradient-hashes.js';

console.log(JSON.stringify(await gradientHashes()));
