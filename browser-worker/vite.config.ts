/**
 * The pages that the coordinator serves: the dashboard (`/`) and the join page (`/join`).
 * Everything comes from the coordinator's own origin, and nothing is inlined: its policy forbids that.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('./page'),
  base: '/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path('../dist/browser'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 3000,
    reportCompressedSize: false,
    rolldownOptions: { input: { index: path('./page/index.html'), join: path('./page/join.html') } },
  },
  worker: { format: 'es' },
});
