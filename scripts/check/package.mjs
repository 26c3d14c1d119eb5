/**
 * Checks the packed file as its users get it, without a network: `publint` (fields of package.json against what is
 * there), `attw` (whether TypeScript resolves each entry, as ES modules), and its size.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { parts } from '../parts.mjs';
import { files, isUpToDate, root } from '../sources.mjs';

const MOST_BYTES = 15e6;
/** The package has ES modules alone: Node 20.19 and later `require` them, and older resolvers are not supported. */
const RESOLVERS = ['node16-esm', 'bundler'];

const stale = parts.filter((part) => !isUpToDate(part)).map(({ name }) => name);
if (stale.length > 0) {
  console.error(`dist/ is not built of these sources (${stale.join(', ')}): npm run build`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'swarmgrad-pack-'));
const found = [];
try {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', pack, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' }),
  );
  const tarball = readFileSync(join(folder, filename));
  if (size > MOST_BYTES) found.push(`the packed file has ${size} bytes, more than ${MOST_BYTES}`);

  const { messages, pkg } = await publint({ pack: { tarball: bytesOf(tarball) }, strict: true });
  for (const message of messages) found.push(`publint: ${formatMessage(message, pkg)}`);

  const { problems = [] } = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  for (const { kind, entrypoint, resolutionKind, ...more } of problems) {
    if (resolutionKind !== undefined && !RESOLVERS.includes(resolutionKind)) continue;
    found.push(
      `attw: ${kind} ${[entrypoint, resolutionKind].filter(Boolean).join(' ')} ${JSON.stringify(more)}`,
    );
  }
  // What is imported for what it does, and not for what it exports, a bundler would leave out.
  const { sideEffects } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const path of files(join(root, 'dist')).filter((file) => /\.js$/.test(file))) {
    if (path.startsWith(join(root, 'dist/browser'))) continue;
    for (const [, imported] of readFileSync(path, 'utf8').matchAll(/(?:^|;)import ?["'](\.[^"']*)["']/gm)) {
      const target = `./${relative(root, join(dirname(path), imported))
        .split(sep)
        .join('/')}`;
      // Chunks name each other for their order alone; the embedded ones are all listed by a pattern.
      if (/^\.\/dist\/(chunks|embed)\//.test(target)) continue;
      if (!sideEffects.includes(target)) found.push(`package.json: "sideEffects" lacks ${target}`);
    }
  }
  if (found.length === 0) console.log(`the packed file is sound: ${(size / 1e6).toFixed(1)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const line of found) console.error(line);
process.exitCode = found.length > 0 ? 1 : 0;

/** The bytes alone: a small Buffer of Node is a piece of a larger one. */
function bytesOf(buffer) {
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
}
