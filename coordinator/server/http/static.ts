/**
 * The pages and what belongs to them, from `dist/browser/`. Files are listed once, at the start: a request
 * picks one of that list, and its text never becomes part of a path. Small files are kept in memory: a page
 * stays whole while another build replaces the files.
 */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gzip } from 'node:zlib';
import { builtFolder } from '../../../engine/node/built-program.js';
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
type Encoding = (typeof ENCODINGS)[number][0];

/** Larger files are read from the disk when they are asked for. */
const MEMORY_BYTES = 1 << 20;
/** For files that are compressed when they are first asked for: half the time of the best, and 2 % more bytes. */
const GZIP_LEVEL = 6;

interface Variant {
  path: string;
  bytes: number;
  kept: Buffer | undefined;
}

interface StaticFile {
  type: string;
  /** Its name holds its hash: it never changes. */
  immutable: boolean;
  /** By encoding; `identity` is the file itself, where it is there. */
  variants: Map<Encoding | 'identity', Variant>;
  /** Made of the `br` of an engine that is there in no other form, when somebody takes only that. */
  made: Partial<Record<Encoding | 'identity', Promise<Buffer>>>;
}

/** Files by the path under which they are served. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Empty where the pages are not built. */
export function openStaticFiles(root = join(builtFolder() ?? '', 'browser')): StaticFiles {
  const files = new Map<string, StaticFile>();
  const paths = walk(root);
  // An engine is there as .br alone.
  const originals = new Set(paths.map((path) => path.replace(/\.(br|gz)$/, '')));
  for (const path of originals) {
    const type = TYPES[extname(path)];
    if (!type) continue;
    const name = `/${relative(root, path).split(sep).join('/')}`;
    const variants: StaticFile['variants'] = new Map();
    if (existsSync(path)) variants.set('identity', variant(path));
    for (const [encoding, suffix] of ENCODINGS)
      if (existsSync(path + suffix)) variants.set(encoding, variant(path + suffix));
    files.set(PAGES[name] ?? name, { type, immutable: name.startsWith('/assets/'), variants, made: {} });
  }
  return files;
}

const PAGES: Record<string, string> = { '/index.html': '/', '/join.html': '/join', '/wall.html': '/wall' };

/** @returns whether there is such a file */
export function serveStatic(request: IncomingMessage, response: ServerResponse, files: StaticFiles): boolean {
  const file = files.get(targetOf(request).pathname);
  if (!file) return false;
  const accepted = new Set(
    (request.headers['accept-encoding'] ?? '').split(',').map((name) => name.split(';')[0]!.trim()),
  );
  const isPacked = !file.variants.has('identity');
  const encoding =
    ENCODINGS.map(([name]) => name).find(
      (name) => accepted.has(name) && (file.variants.has(name) || (isPacked && name === 'gzip')),
    ) ?? 'identity';
  const head = (bytes: number) => {
    response.appendHeader('Vary', 'Accept-Encoding');
    if (encoding !== 'identity') response.setHeader('Content-Encoding', encoding);
    response.writeHead(200, {
      'Content-Type': file.type,
      'Content-Length': bytes,
      'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  };
  const sent = file.variants.get(encoding);
  if (!sent) {
    file.made[encoding] ??= madeOf(file, encoding);
    file.made[encoding].then(
      (bytes) => {
        head(bytes.length);
        response.end(request.method === 'HEAD' ? undefined : bytes);
      },
      // The file has gone: another build has replaced it.
      () => {
        delete file.made[encoding];
        response.writeHead(404).end();
      },
    );
    return true;
  }
  head(sent.bytes);
  if (request.method === 'HEAD') response.end();
  else if (sent.kept) response.end(sent.kept);
  // A visitor that goes away in the middle is no error of ours.
  else pipeline(createReadStream(sent.path), response, () => undefined);
  return true;
}

/** Kept from then on: a class on plain http, to which browsers say that they take no `br`, comes all at once. */
async function madeOf({ variants }: StaticFile, encoding: Encoding | 'identity'): Promise<Buffer> {
  const whole = await promisify(brotliDecompress)(await readFile(variants.get('br')!.path));
  return encoding === 'gzip' ? promisify(gzip)(whole, { level: GZIP_LEVEL }) : whole;
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
