/** Decides whether a server asks for tokens: by its options, or else by who can reach its address. */
import { UserError } from '../../../shared/user-error.js';
import { isLoopback } from '../network/addresses.js';

export interface AccessOptions {
  host: string;
  auth: 'tokens' | 'none' | undefined;
  anyoneMayJoin: boolean;
  trustedProxy?: string | undefined;
}

/** @throws UserError where the options contradict each other, or would let in anyone by accident */
export function authOf({ host, auth, anyoneMayJoin, trustedProxy }: AccessOptions): 'tokens' | 'none' {
  if (anyoneMayJoin) {
    if (auth === 'tokens')
      throw new UserError('--auth tokens and --anyone-may-join contradict each other: give one of them', 2);
    return 'none';
  }
  const isPublic = !isLoopback(host) || trustedProxy !== undefined;
  if (auth === 'none' && isPublic) {
    const where = isLoopback(host) ? 'behind a proxy' : `with --host ${host}`;
    throw new UserError(
      `--auth none ${where} lets anyone who reaches it join, and read data and model: if that is meant, say --anyone-may-join; otherwise leave --auth out`,
      2,
    );
  }
  return auth ?? (isPublic ? 'tokens' : 'none');
}
