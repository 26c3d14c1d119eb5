// Serves this folder to the browsers of this machine: node serve.mjs [PORT]
import { readFile, realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
};
const here = await realpath(import.meta.dirname);

const server = createServer(async ({ url }, response) => {
  const { pathname } = new URL(url, 'http://localhost');
  const path = join(here, normalize(pathname === '/' ? 'index.html' : decodeURIComponent(pathname)));
  try {
    response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream');
    response.end(await readFile(path));
  } catch {
    response.writeHead(404).end('not found');
  }
});
server.listen(Number(process.argv[2] ?? 8000), '127.0.0.1', () =>
  console.log(`http://localhost:${server.address().port}`),
);
