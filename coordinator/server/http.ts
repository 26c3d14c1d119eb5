/**
 * The coordinator's HTTP routes: the pages, health, status, and the objects that workers fetch by their hash.
 * Each answers GET and HEAD only; nothing in a request is ever used as a file name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Status } from '../../shared/status.js';
import type { ObjectStore } from '../data/store.js';
import { secure } from './headers.js';
import { serveObject } from './objects.js';
import { type StaticFiles, serveStatic } from './static.js';

export interface Served {
  objects: ObjectStore;
  pages: StaticFiles;
  status(): Status;
}

export function handleRequest(request: IncomingMessage, response: ServerResponse, served: Served): void {
  const [pathname = '/'] = (request.url ?? '/').split('?');
  secure(response);
  if (pathname.startsWith('/objects/')) return serveObject(request, response, served.objects);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return answer(response, 405, 'text/plain', 'only GET and HEAD are served here\n');
  }
  if (serveStatic(request, response, served.pages)) return;
  switch (pathname) {
    case '/healthz':
      return answer(response, 200, 'text/plain', 'ok\n');
    case '/api/status':
      return answer(response, 200, 'application/json', JSON.stringify(served.status()));
    case '/': {
      const text = `A swarmgrad coordinator; its pages are not built (npm run build). Join: npx swarmgrad worker http://${request.headers.host}\nStatus: /api/status\n`;
      return answer(response, 200, 'text/plain', text);
    }
    default:
      return answer(response, 404, 'text/plain', 'not found\n');
  }
}

function answer(response: ServerResponse, code: number, type: string, body: string): void {
  response.statusCode = code;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
