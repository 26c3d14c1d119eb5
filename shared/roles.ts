/** What whoever holds a token may be. What each role may do stands in `coordinator/server/rights.ts`. */
export const ROLES = ['admin', 'worker', 'volunteer', 'monitor'] as const;

/**
 * `admin` steers the run; `worker` computes and is trusted; `volunteer` computes and is not; `monitor`
 * watches.
 */
export type Role = (typeof ROLES)[number];

/** As what a worker takes part: what a `volunteer` contributes is believed only as far as it is checked. */
export type WorkerRole = Extract<Role, 'worker' | 'volunteer'>;
