// swarmgrad/browser: what a page of another site has of ours -> dist/embed/. Its workers are files of their own, named by
// `new Worker(new URL('./NAME.js', import.meta.url))`, which every bundler knows. The engines, most of the bytes, stay
// with the coordinator: here are their names there, and their hashes.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, root } from '../sources.mjs';
import { compile } from '../tsc.mjs';

const output = join(root, 'dist/embed');
/** What Vite writes for a worker, and what bundlers of others know. */
const WORKER =
  /new URL\(\s*(?:\/\*[^*]*\*\/)?\s*new URL\(`([\w.-]+)`,import\.meta\.url\)\.href,``\+import\.meta\.url\)/g;
/** Where ONNX Runtime looks for its engine and for itself by default: not asked for here, and for bundlers no files of theirs. */
const DEFAULT_PLACE = /new URL\("ort[\w.-]+",import\.meta\.url\)\.href/g;

/** A compiled engine by its name at the coordinator. */
const enginesElsewhere = {
  name: 'engines-elsewhere',
  enforce: 'pre',
  transform(code, id) {
    return /onnxruntime-web.*\.mjs$/.test(id) ? code.replace(DEFAULT_PLACE, '""') : undefined;
  },
  load(id) {
    const [, path, name] = /^(.*\/(ort-wasm[\w.-]*)\.wasm)\?url$/.exec(id) ?? [];
    if (!path) return undefined;
    const served = readdirSync(join(root, 'dist/browser/assets'))
      .map((file) => file.replace(/\.br$/, ''))
      .find((file) => file.startsWith(`${name}-`) && file.endsWith('.wasm'));
    if (!served) throw new Error(`the pages have no ${name}: they are built first`);
    const hash = createHash('sha256').update(readFileSync(path)).digest('base64');
    return `export default 'assets/${served}#sha256-${hash}'`;
  },
};

async function build() {
  const { build } = await import('vite');
  const names = {
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    assetFileNames: '[name]-[hash][extname]',
  };
  const checks = { pluginTimings: false };
  await build({
    configFile: false,
    root: join(root, 'browser-worker'),
    base: './',
    logLevel: 'warn',
    publicDir: false,
    plugins: [enginesElsewhere],
    build: {
      outDir: output,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: false,
      chunkSizeWarningLimit: 3000,
      reportCompressedSize: false,
      rolldownOptions: {
        checks,
        input: { swarmgrad: join(root, 'browser-worker/embed/embed.ts') },
        preserveEntrySignatures: 'strict',
        output: names,
      },
    },
    worker: { format: 'es', plugins: () => [enginesElsewhere], rolldownOptions: { checks, output: names } },
  });
  let workers = 0;
  for (const path of files(output).filter((file) => file.endsWith('.js'))) {
    const code = readFileSync(path, 'utf8');
    const named = code.replace(WORKER, (_, name) => {
      workers++;
      return `new URL("./${name}",import.meta.url)`;
    });
    writeFileSync(path, named);
  }
  if (workers !== 2)
    throw new Error(`${workers} workers are named where there are 2: Vite writes them in another way`);
  compile('browser-worker/embed/tsconfig.json');
}

export const embed = {
  name: 'embed',
  sources: ['browser-worker', 'shared', 'engine', 'worker', 'package-lock.json', 'scripts/parts/embed.mjs'],
  result: 'dist/embed/swarmgrad.js',
  build,
};
