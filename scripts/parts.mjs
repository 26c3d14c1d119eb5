// The parts of the build: what each is made of, and how.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { bundle } from './parts/bundle.mjs';
import { embed } from './parts/embed.mjs';
import { browserPages } from './parts/pages.mjs';
import { files, root, sumOf } from './sources.mjs';
import { compile } from './tsc.mjs';

const require = createRequire(import.meta.url);
/** Modules of AssemblyScript: the coordinator's arithmetic in memory that all threads see, and the code of gradients. */
const KERNELS = {
  assembly: 'shared/numerics/update/kernels/assembly',
  main: 'kernels.ts',
  name: 'KERNELS_WASM',
  result: 'shared/numerics/update/kernels/kernels.generated.ts',
  // What a 32-bit address reaches: the pages of 64 KiB are chosen where it is linked.
  flags: ['--enable', 'simd,threads', '--sharedMemory', '--maximumMemory', '65536'],
};
const CODE = {
  assembly: 'shared/numerics/codec/assembly',
  main: 'code.ts',
  name: 'CODE_WASM',
  result: 'shared/numerics/codec/code.generated.ts',
  flags: ['--enable', 'simd'],
};
/** What others import by name (`exports` of package.json). */
const ENTRIES = ['index.ts', 'layers.ts'];
/** The folders of the program. */
const PROGRAM = ['shared', 'websocket', 'engine', 'coordinator', 'worker', 'cli'];
/** What of it decides how models are built, and where that is told in one number (coordinator/prepare/build-key.ts). */
const BUILDER = ['coordinator/prepare/model', 'engine', 'shared'];
const CODE_FILE = 'dist/code.sha256';
/** Their versions stand in the lock file, so a compiler of another version builds anew. */
const TOOLS = ['package-lock.json', 'scripts/parts.mjs', 'scripts/parts/bundle.mjs'];

/** Runs a package's own command-line program with this Node: works the same on every platform. */
function run(script, ...args) {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
}

/** The module is embedded as base64, so that it loads alike from sources, from dist and in any bundle. */
function buildAssembly({ assembly, main, name, result, flags }) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmgrad-'));
  try {
    const wasm = join(folder, 'module.wasm');
    const asc = join(dirname(require.resolve('assemblyscript/package.json')), 'bin/asc.js');
    const usual = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'];
    run(asc, join(root, assembly, main), '--outFile', wasm, ...usual, ...flags);
    const base64 = readFileSync(wasm).toString('base64');
    writeFileSync(
      join(root, result),
      `// Made by scripts/build.mjs from assembly/${main}; do not edit.\nexport const ${name} =\n  '${base64}';\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function buildProgram() {
  compile('tsconfig.build.json');
  removeStale();
  await bundle();
  writeFileSync(join(root, CODE_FILE), sumOf(BUILDER));
  const bin = join(root, 'dist/cli/swarmgrad.js');
  if (existsSync(bin)) chmodSync(bin, 0o755);
}

/** What was built of a source that has moved or gone would go on being found. */
function removeStale() {
  const dist = join(root, 'dist');
  for (const path of PROGRAM.flatMap((folder) => files(join(dist, folder)))) {
    const source = join(root, relative(dist, path)).replace(/\.(d\.ts|js)(\.map)?$/, '.ts');
    if (!existsSync(source)) rmSync(path);
  }
}

const assemblyPart = (name, module) => ({
  name,
  sources: [module.assembly, ...TOOLS],
  result: module.result,
  build: () => buildAssembly(module),
});
const kernels = assemblyPart('kernels', KERNELS);
const code = assemblyPart('code', CODE);
const program = {
  name: 'program',
  sources: [...ENTRIES, ...PROGRAM, 'tsconfig.json', 'tsconfig.build.json', ...TOOLS],
  result: 'dist/cli/swarmgrad.js',
  build: buildProgram,
};

/** In the order in which they are built. */
export const parts = [kernels, code, program, browserPages, embed];
