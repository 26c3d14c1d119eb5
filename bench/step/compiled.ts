/** Processes of a bench as the product's are: compiled beforehand, so that they have no compiler in memory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Within the checkout: packages are found from there. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/swarmgrad-bench', import.meta.url));

/** @param sources beside this file. @returns where each has its compiled form, and what removes them all */
export async function compiled(...sources: string[]) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'run-'));
  const name = (source: string) => basename(source, '.ts');
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir: folder,
      target: 'node20',
      rolldownOptions: {
        input: Object.fromEntries(
          sources.map((source) => [name(source), fileURLToPath(new URL(source, import.meta.url))]),
        ),
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
  return {
    path: (source: string) => join(folder, `${name(source)}.mjs`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
