// TypeScript 7, which is compiled to machine code: a tenth of the time. `typescript` beside it is the version that
// typedoc, knip and dependency-cruiser read programs with. `node scripts/tsc.mjs PROJECT...` checks these projects.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { root } from './sources.mjs';

const COMPILER = join(
  dirname(createRequire(import.meta.url).resolve('@typescript/native/package.json')),
  'bin/tsc',
);

/** Checks or builds one project; what it finds is told on standard output. @returns whether it found nothing */
export function compiles(project) {
  const { status, error } = spawnSync(execPath, [COMPILER, '-p', project], { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}

/** @throws where the project does not compile */
export function compile(project) {
  if (!compiles(project)) throw new Error(`${project} does not compile`);
}

if (argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = argv.slice(2).filter((project) => !compiles(project)).length === 0 ? 0 : 1;
