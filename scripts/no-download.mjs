// Before installation, where swarmgrad is a dependency: keeps onnxruntime-node from fetching CUDA libraries
// (hundreds of megabytes, from a host that many networks do not reach, whose absence fails the installation).
// Its installer fetches the files that are missing, so they are there, empty; nothing opens them unless CUDA is
// asked for. `ONNXRUNTIME_NODE_INSTALL=true node node_modules/onnxruntime-node/script/install.js`
// fetches the real ones. In a checkout the lock file keeps the installer from running (test/library/install.test.ts).
import { closeSync, existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const LIBRARIES = ['cuda', 'shared', 'tensorrt'].map((name) => `libonnxruntime_providers_${name}.so`);

try {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const folder = join(root, 'bin/napi-v6/linux/x64');
  for (const library of existsSync(folder) ? LIBRARIES : []) closeSync(openSync(join(folder, library), 'a'));
} catch {
  // Not there yet, or not ours to change: then the environment variable decides.
}
