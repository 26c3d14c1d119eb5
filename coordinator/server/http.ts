/**
 * The routes: pages, health, what the dashboard asks for, what admins do, and the objects that workers
 * fetch by their hash. Nothing in a request is ever used as a file name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectStore } from '../data/store.js';
import { type AdminActions, serveAdmin } from './admin.js';
import { answerText } from './answer.js';
import { type Dashboard, serveDashboard, targetOf } from './dashboard.js';
import { secure } from './headers.js';
import type { LiveFeed } from './live.js';
import { serveObject } from './objects.js';
import { type StaticFiles, serveStatic } from './static.js';

export interface Served {
  pages: StaticFiles;
  dashboard: Dashboard;
  /** Absent where runs are shown from their files. */
  objects?: ObjectStore;
  actions?: AdminActions;
}

export function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { pages, dashboard, objects, actions }: Served,
  live: LiveFeed,
): void {
  const { pathname } = targetOf(request);
  secure(response);
  if (objects && pathname.startsWith('/objects/')) return serveObject(request, response, objects);
  if (pathname.startsWith('/api/admin/')) return void serveAdmin(request, response, actions);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return answerText(response, 405, 'only GET and HEAD are served here\n');
  }
  if (pathname === '/healthz') return answerText(response, 200, 'ok\n');
  if (pathname === '/api/live') return live.serve(request, response);
  if (serveDashboard(request, response, dashboard)) return;
  if (serveStatic(request, response, pages)) return;
  if (pathname !== '/') return answerText(response, 404, 'not found\n');
  answerText(
    response,
    200,
    'A swarmgrad coordinator; its pages are not built (npm run build). Status: /api/status\n',
  );
}
