/** The roles that a token gives, and what each may do. Which route asks for what: `coordinator/server/http/rights.ts`. */
export const ROLES = ['admin', 'worker', 'volunteer', 'monitor'] as const;

/**
 * `admin` steers the run; `worker` computes and is trusted; `volunteer` computes and is not; `monitor`
 * watches.
 */
export type Role = (typeof ROLES)[number];

/** The role of a worker: a contribution of a `volunteer` is believed only as far as it is checked. */
export type WorkerRole = Extract<Role, 'worker' | 'volunteer'>;

/** Who may do something. `anyone`: without a token too. */
export type Right = readonly Role[] | 'anyone';

/** The right to join, and to fetch the objects of a run. */
export const COMPUTE: Right = ['admin', 'worker', 'volunteer'];
/** Volunteers see their own share, which the coordinator tells them. */
export const WATCH: Right = ['admin', 'worker', 'monitor'];
export const STEER: Right = ['admin'];

export function may(right: Right, roles: readonly Role[]): boolean {
  return right === 'anyone' || right.some((role) => roles.includes(role));
}
