// The pages: Vite -> dist/browser/, then .br and .gz beside whatever shrinks by it. Done only when a
// source has changed: the sum over all of them is kept beside the result.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(root, 'dist/browser');
const stamp = join(output, '.sources');
/** Compressed files by the hash of what they hold: a large engine is compressed once, not at each build. */
const cache = join(root, 'node_modules/.cache/swarmgrad-compressed');
const SOURCES = ['browser-worker', 'shared', 'worker', 'package-lock.json', 'scripts/build-browser.mjs'];
const COMPRESSED = new Set(['.html', '.js', '.mjs', '.css', '.svg', '.json', '.wasm']);
const MIN_BYTES = 1024;
/** Brotli's slowest level takes a minute for a large engine, and gains 5 % over this one. */
const LARGE_BYTES = 2 << 20;

function files(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => files(join(path, name)));
}

function sumOfSources() {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((name) => files(join(root, name)))) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path));
  }
  return hash.digest('hex');
}

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
  for (const [suffix, compressor] of Object.entries(compressors)) {
    const kept = join(cache, `${hash}.${suffix}`);
    if (!existsSync(kept)) writeFileSync(kept, await compressor(bytes));
    const small = readFileSync(kept);
    if (small.length < bytes.length) writeFileSync(`${path}.${suffix}`, small);
  }
}

export async function buildBrowser() {
  const sum = sumOfSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sum) return;
  // Loaded here: most builds find nothing to do.
  const { build } = await import('vite');
  await build({ configFile: join(root, 'browser-worker/vite.config.ts'), logLevel: 'warn' });
  mkdirSync(cache, { recursive: true });
  await Promise.all(files(output).map(compress));
  writeFileSync(stamp, sum);
}
