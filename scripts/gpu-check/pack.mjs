// `npm run gpu-check [-- --data DIR] [--out FILE]`: packs what a machine with a GPU and no network needs to try the
// GPU engines: this Node, the built product and its benches, the packages that run, Vulkan's loader, and `run`, which
// does it. It carries no driver and no CUDA: those belong to the machine.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../sources.mjs';
import { compile as compileProject } from '../tsc.mjs';
import { travelling } from './packages.mjs';

/** The folders of the product, with index.ts. */
const PROGRAM = ['shared', 'websocket', 'engine', 'coordinator', 'worker', 'cli'];
/** What some machines accept in one piece, less the sources that may travel beside it. */
const MOST_BYTES = 58 << 20;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: join(root, '.gpu-check/gpu-check.tar.xz') },
    vulkan: { type: 'string' },
  },
});
if (process.platform !== 'linux') fail('it packs for Linux, with the Node that runs it: run it there');

const folder = mkdtempSync(join(tmpdir(), 'gpu-check-'));
const pack = join(folder, 'gpu-check');
const app = join(pack, 'app');
try {
  mkdirSync(app, { recursive: true });
  cpSync(process.execPath, join(pack, 'node'));
  execFileSync('strip', [join(pack, 'node')], { stdio: 'ignore' });
  for (const file of ['run', 'run.mjs', 'checks.mjs', 'vulkan.mjs']) {
    cpSync(join(root, 'scripts/gpu-check', file), join(pack, file));
  }
  cpSync(join(root, 'package.json'), join(app, 'package.json'));
  compile();
  for (const { from, isWanted } of travelling(root)) {
    cpSync(join(root, from), join(app, from), { recursive: true, filter: isWanted });
  }
  const loader = values.vulkan ?? findLoader();
  if (loader) {
    mkdirSync(join(pack, 'vulkan'));
    cpSync(loader, join(pack, 'vulkan/libvulkan.so.1'), { dereference: true });
  } else console.error("no Vulkan loader found here (--vulkan FILE): the machine's own will have to do");
  if (values.data) cpSync(values.data, join(pack, 'data'), { recursive: true, dereference: true });
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  execFileSync('tar', ['-cJf', out, '-C', folder, 'gpu-check'], {
    env: { ...process.env, XZ_OPT: '-6 -T0' },
  });
  const { size } = statSync(out);
  console.log(
    `${relative(process.cwd(), out)}: ${(size / 2 ** 20).toFixed(1)} MiB; there: tar xf ${basename(out)} && gpu-check/run`,
  );
  if (size > MOST_BYTES) fail(`that is more than ${MOST_BYTES >> 20} MiB: pack without --data`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The product and the benches to JavaScript, laid out as the sources are. */
function compile() {
  const project = join(folder, 'tsconfig.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: {
        ...{ rootDir: root, outDir: join(app, 'dist'), typeRoots: [join(root, 'node_modules/@types')] },
        ...{ incremental: false, tsBuildInfoFile: null, declaration: false, sourceMap: false },
      },
      include: [...PROGRAM, 'bench'].map((name) => join(root, name)),
      exclude: ['**/*.test.ts', '**/assembly/**', 'bench/support/browser-loops.ts'].map((path) =>
        join(root, path),
      ),
    }),
  );
  compileProject(project);
  const python = ['bench/engines/engine.py', 'test/learning/references/pytorch/models.py'];
  for (const file of python) cpSync(join(root, file), join(app, 'dist', file));
  cpSync(join(root, 'dist/code.sha256'), join(app, 'dist/code.sha256'));
}

function findLoader() {
  const libraries = execFileSync('ldconfig', ['-p'], { encoding: 'utf8' });
  const installed = /libvulkan\.so\.1 .*=> (\S+)/.exec(libraries)?.[1];
  return [installed, '/usr/lib/chromium/libvulkan.so.1'].find((path) => path && existsSync(path));
}

function fail(why) {
  console.error(`gpu-check: ${why}`);
  process.exit(1);
}
