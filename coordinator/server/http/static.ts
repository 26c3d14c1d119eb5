/**
 * The pages and what belongs to them, from `dist/browser/`. Files are listed once, at the start: a request
 * picks one of that list, and its text never becomes part of a path. Small files are kept in memory: a page
 * stays whole while another build replaces the files.
 */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { targetOf } from './dashboard.js';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
};
/** Encodings in order of preference. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Larger files are read from the disk when they are asked for. */
const MEMORY_BYTES = 1 << 20;

interface Variant {
  path: string;
  bytes: number;
  kept: Buffer | undefined;
}

interface StaticFile extends Variant {
  type: string;
  /** Its name holds its hash: it never changes. */
  immutable: boolean;
  /** The same, compressed, by encoding. */
  compressed: Map<string, Variant>;
}

/** Files by the path under which they are served. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Empty where the pages are not built. */
export function openStaticFiles(root = builtPages()): StaticFiles {
  const files = new Map<string, StaticFile>();
  for (const path of walk(root)) {
    const type = TYPES[extname(path)];
    if (!type) continue;
    const name = `/${relative(root, path).split(sep).join('/')}`;
    const file: StaticFile = {
      ...variant(path),
      type,
      immutable: name.startsWith('/assets/'),
      compressed: new Map(),
    };
    for (const [encoding, suffix] of ENCODINGS) {
      if (existsSync(path + suffix)) file.compressed.set(encoding, variant(path + suffix));
    }
    files.set(PAGES[name] ?? name, file);
  }
  return files;
}

const PAGES: Record<string, string> = { '/index.html': '/', '/join.html': '/join' };

/** @returns whether there is such a file */
export function serveStatic(request: IncomingMessage, response: ServerResponse, files: StaticFiles): boolean {
  const file = files.get(targetOf(request).pathname);
  if (!file) return false;
  const accepted = new Set(
    (request.headers['accept-encoding'] ?? '').split(',').map((name) => name.split(';')[0]!.trim()),
  );
  const encoding = ENCODINGS.map(([name]) => name).find(
    (name) => accepted.has(name) && file.compressed.has(name),
  );
  const sent = encoding ? file.compressed.get(encoding)! : file;
  if (encoding) response.setHeader('Content-Encoding', encoding);
  response.writeHead(200, {
    'Content-Type': file.type,
    'Content-Length': sent.bytes,
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
  });
  if (request.method === 'HEAD') response.end();
  else if (sent.kept) response.end(sent.kept);
  // A visitor that goes away in the middle is no error of ours.
  else pipeline(createReadStream(sent.path), response, () => undefined);
  return true;
}

/** Finds the pages beside this file in `dist/`, or in `dist/` beside the sources. */
function builtPages(): string {
  const beside = fileURLToPath(new URL('../../../browser', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../../dist/browser', import.meta.url));
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

function variant(path: string): Variant {
  const bytes = statSync(path).size;
  return { path, bytes, kept: bytes <= MEMORY_BYTES ? readFileSync(path) : undefined };
}
