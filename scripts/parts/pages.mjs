// The pages: Vite -> dist/browser/, then .br and .gz beside whatever shrinks by it. Engines stay as .br alone: in
// three forms they would be most of the package.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { files, root } from '../sources.mjs';

const output = join(root, 'dist/browser');
/** Compressed files by the hash of what they hold: a large engine is compressed once, not at each build. */
const cache = join(root, 'node_modules/.cache/swarmgrad-compressed');
const COMPRESSED = new Set(['.html', '.js', '.mjs', '.css', '.svg', '.json', '.wasm']);
const MIN_BYTES = 1024;
/** Brotli's slowest level takes a minute for a large engine, and gains 5 % over this one. */
const LARGE_BYTES = 2 << 20;

const compressors = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE_BYTES ? 9 : 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

async function compress(path) {
  const bytes = readFileSync(path);
  if (bytes.length < MIN_BYTES || !COMPRESSED.has(extname(path))) return;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const isEngine = extname(path) === '.wasm' && bytes.length > LARGE_BYTES;
  for (const [suffix, compressor] of Object.entries(compressors)) {
    if (isEngine && suffix !== 'br') continue;
    const kept = join(cache, `${hash}.${suffix}`);
    if (!existsSync(kept)) writeFileSync(kept, await compressor(bytes));
    const small = readFileSync(kept);
    if (small.length < bytes.length) writeFileSync(`${path}.${suffix}`, small);
  }
  if (isEngine) rmSync(path);
}

async function build() {
  // Loaded here: most builds find nothing to do.
  const { build } = await import('vite');
  await build({ configFile: join(root, 'browser-worker/vite.config.ts'), logLevel: 'warn' });
  mkdirSync(cache, { recursive: true });
  await Promise.all(files(output).map(compress));
}

export const browserPages = {
  name: 'pages',
  sources: ['browser-worker', 'shared', 'engine', 'worker', 'package-lock.json', 'scripts/parts/pages.mjs'],
  result: 'dist/browser',
  build,
};
