/**
 * The pages that the coordinator serves: the dashboard (`/`), the join page (`/join`) and the wall (`/wall`).
 * Everything comes from the coordinator's own origin, and nothing is inlined: its policy forbids that.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** How long plugins take on a busy machine is no concern of who installs. */
const checks = { pluginTimings: false };

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const PAGES = ['index', 'join', 'wall'];

export default defineConfig({
  root: path('./page'),
  // A reverse proxy may have the coordinator under a path.
  base: './',
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
    rolldownOptions: {
      checks,
      input: Object.fromEntries(PAGES.map((name) => [name, path(`./page/${name}.html`)])),
    },
  },
  worker: { format: 'es', rolldownOptions: { checks } },
});
