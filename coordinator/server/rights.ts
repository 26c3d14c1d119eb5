/**
 * Who may do what: every route and every message of a worker, and the roles that may use it. The only
 * place where that is written; what has no row is refused to all.
 */
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import type { Role } from '../../shared/roles.js';

/** `anyone`: without a token too. */
export type Right = readonly Role[] | 'anyone';

const COMPUTE: Right = ['admin', 'worker', 'volunteer'];
/** Volunteers see their own share, which the coordinator tells them. */
const WATCH: Right = ['admin', 'worker', 'monitor'];
const STEER: Right = ['admin'];
const NOBODY: Right = [];

export interface RouteRight {
  methods: readonly string[];
  /** `/x` alone, or with a final `*` all that begins so. The first row that fits counts. */
  path: string;
  may: Right;
}

const READ = ['GET', 'HEAD'];
const POST = ['POST'];

export const ROUTES: readonly RouteRight[] = [
  { methods: READ, path: '/healthz', may: 'anyone' },
  // It tells what the visitor's token, or the lack of one, allows, and takes a token into a cookie.
  { methods: [...READ, 'POST', 'DELETE'], path: '/api/session', may: 'anyone' },
  { methods: READ, path: '/metrics', may: ['admin', 'monitor'] },
  { methods: READ, path: '/api/runs', may: WATCH },
  { methods: READ, path: '/api/status', may: WATCH },
  { methods: READ, path: '/api/live', may: WATCH },
  { methods: READ, path: '/api/history', may: WATCH },
  { methods: READ, path: '/api/events', may: WATCH },
  { methods: READ, path: '/api/timeline', may: WATCH },
  { methods: READ, path: '/api/model', may: WATCH },
  { methods: READ, path: '/api/network', may: WATCH },
  { methods: READ, path: '/api/weights', may: WATCH },
  { methods: POST, path: '/api/admin/pause', may: STEER },
  { methods: POST, path: '/api/admin/resume', may: STEER },
  { methods: POST, path: '/api/admin/stop', may: STEER },
  { methods: POST, path: '/api/admin/checkpoint', may: STEER },
  { methods: POST, path: '/api/admin/learning-rate', may: STEER },
  { methods: POST, path: '/api/admin/remove-worker', may: STEER },
  { methods: POST, path: '/api/admin/*', may: STEER },
  { methods: READ, path: '/api/*', may: NOBODY },
  { methods: READ, path: '/objects/*', may: COMPUTE },
  // The pages and their scripts hold nothing of the run; without them nobody could show a token.
  { methods: READ, path: '/*', may: 'anyone' },
];

/** `frame`: a chunk of a contribution. */
export const MESSAGES: Readonly<Record<WorkerMessage['type'] | 'frame', Right>> = {
  join: COMPUTE,
  ready: COMPUTE,
  holding: COMPUTE,
  contribution: COMPUTE,
  frame: COMPUTE,
  evaluated: COMPUTE,
  dropped: COMPUTE,
  heartbeat: COMPUTE,
};

export function routeOf(path: string): RouteRight | undefined {
  return ROUTES.find((row) =>
    row.path.endsWith('*') ? path.startsWith(row.path.slice(0, -1)) : path === row.path,
  );
}

export function may(right: Right, roles: readonly Role[]): boolean {
  return right === 'anyone' || right.some((role) => roles.includes(role));
}
