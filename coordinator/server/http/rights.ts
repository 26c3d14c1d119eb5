/**
 * Which role may use which route: the only place where that is written; what has no row is refused to all. (Who may
 * join is asked once, at the join: `connection.ts`.)
 */
import { COMPUTE, type Right, STEER, WATCH } from '../../../shared/protocol/roles.js';
import { VIEWS } from '../../monitor/views.js';

const NOBODY: Right = [];

export interface RouteRight {
  methods: readonly string[];
  /** `/x` alone, or with a final `*` all that begins so. The first row that fits counts. */
  path: string;
  may: Right;
  /** Whether pages of `--allow-origin` may read it: what computing needs, and nothing of people or of the run's figures. */
  isShared?: true;
}

const READ = ['GET', 'HEAD'];
const POST = ['POST'];

export const ROUTES: readonly RouteRight[] = [
  { methods: READ, path: '/healthz', may: 'anyone' },
  // It tells what the visitor's token, or the lack of one, allows, and takes a token into a cookie.
  { methods: [...READ, 'POST', 'DELETE'], path: '/api/session', may: 'anyone' },
  { methods: READ, path: '/metrics', may: ['admin', 'monitor'] },
  { methods: READ, path: '/api/runs', may: WATCH },
  { methods: READ, path: '/api/live', may: WATCH },
  { methods: READ, path: '/api/weights', may: WATCH },
  ...VIEWS.map(({ path, role }) => ({ methods: READ, path, may: role })),
  { methods: POST, path: '/api/admin/pause', may: STEER },
  { methods: POST, path: '/api/admin/resume', may: STEER },
  { methods: POST, path: '/api/admin/stop', may: STEER },
  { methods: POST, path: '/api/admin/checkpoint', may: STEER },
  { methods: POST, path: '/api/admin/learning-rate', may: STEER },
  { methods: POST, path: '/api/admin/remove-worker', may: STEER },
  { methods: POST, path: '/api/admin/go-on', may: STEER },
  { methods: POST, path: '/api/admin/invite', may: STEER },
  { methods: POST, path: '/api/admin/*', may: STEER },
  { methods: READ, path: '/api/*', may: NOBODY },
  { methods: READ, path: '/objects/*', may: COMPUTE, isShared: true },
  // Engines: the same for everyone.
  { methods: READ, path: '/assets/*', may: 'anyone', isShared: true },
  // Leads to the join page.
  { methods: READ, path: '/j/*', may: 'anyone' },
  // The pages and their scripts hold nothing of the run; without them no visitor could show a token.
  { methods: READ, path: '/*', may: 'anyone' },
];

export function routeOf(path: string): RouteRight | undefined {
  return ROUTES.find((row) =>
    row.path.endsWith('*') ? path.startsWith(row.path.slice(0, -1)) : path === row.path,
  );
}
