// Builds everything: AssemblyScript kernels -> an embedded module, TypeScript -> dist/, pages -> dist/browser/.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBrowser } from './build-browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const kernels = join(root, 'coordinator/update/kernels');

/** Runs a package's own command-line program with this Node: works the same on every platform. */
function run(script, ...args) {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
}

/** The module is embedded as base64, so that it loads alike from sources, from dist and in any bundle. */
function buildKernels() {
  const folder = mkdtempSync(join(tmpdir(), 'swarmgrad-'));
  try {
    const wasm = join(folder, 'kernels.wasm');
    const asc = join(dirname(require.resolve('assemblyscript/package.json')), 'bin/asc.js');
    run(
      asc,
      join(kernels, 'assembly/kernels.ts'),
      '--outFile',
      wasm,
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--importMemory',
    );
    const base64 = readFileSync(wasm).toString('base64');
    const text = `// Made by scripts/build.mjs from assembly/kernels.ts; do not edit.\nexport const KERNELS_WASM =\n  '${base64}';\n`;
    const target = join(kernels, 'kernels.generated.ts');
    if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (existsSync(join(kernels, 'assembly/kernels.ts'))) buildKernels();
run(join(dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.build.json');
const bin = join(root, 'dist/cli/swarmgrad.js');
if (existsSync(bin)) chmodSync(bin, 0o755);
await buildBrowser();
