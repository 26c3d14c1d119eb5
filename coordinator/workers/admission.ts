/** What the run's trust decides about a joining worker; which workers it believes later is not the swarm's concern. */
import type { WorkerKind } from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';

export interface Admission {
  /** The role of a worker whose token says `role`; undefined: it has no token. */
  roleOf(role: WorkerRole | undefined, kind: WorkerKind): WorkerRole;
  /** Why nothing of this identity is taken; undefined: it is not banned. */
  banOf(identity: string): { why: string } | undefined;
  /** The engine class that a worker of this role is asked for, where the run wants `wanted`. */
  engineClassFor(role: WorkerRole, wanted: string): string;
  /** Why a worker of this role that has `engineClass` may not take part; undefined: it may. */
  engineRefusal(role: WorkerRole, wanted: string, engineClass: string): string | undefined;
}
