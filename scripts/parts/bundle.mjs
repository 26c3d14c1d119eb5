// What is started, as few files: a coordinator else opens and compiles 400 small ones, half a second of processor time.
// The entries of dist/ are written over, with what they share in dist/chunks/; the packages stay those of node_modules.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../sources.mjs';

/** Programs, threads, and what others import: one set of chunks, so that a class is the same one for all of them. */
const ENTRIES = [
  'index.ts',
  'layers.ts',
  'cli/swarmgrad.ts',
  'engine/node/engine-thread-main.ts',
  'coordinator/prepare/model/build-model-thread.ts',
];
const CHUNKS = 'chunks';
/** Acts before msgpackr is loaded. Packages are loaded before a chunk's own code: so it stays a file of its own. */
const FIRST = 'shared/protocol/msgpack/no-native-msgpack.js';

const external = {
  name: 'external',
  setup({ onResolve }) {
    onResolve({ filter: /no-native-msgpack\.js$/ }, () => ({
      path: `../${FIRST}`,
      external: true,
      sideEffects: true,
    }));
  },
};

export async function bundle() {
  rmSync(join(root, 'dist', CHUNKS), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    // Paths: a name without ./ that is not there is taken for a package.
    entryPoints: ENTRIES.map((path) => `./${path}`),
    outbase: root,
    outdir: 'dist',
    chunkNames: `${CHUNKS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    plugins: [external],
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  const misplaced = Object.entries(metafile.outputs).filter(
    ([path, { imports }]) =>
      !path.startsWith(`dist/${CHUNKS}/`) && imports.some((one) => one.path === `../${FIRST}`),
  );
  if (misplaced.length > 0) throw new Error(`${misplaced[0][0]} would not find ${FIRST}`);
}
