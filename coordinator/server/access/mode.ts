/** Decides whether a server asks for tokens: by its options, or else by who can reach its address. */

import { isLoopback } from '../../../shared/protocol/loopback.js';
import { UserError } from '../../../shared/user-error.js';
import { allowedOrigins } from '../network/allowed-origins.js';

export interface AccessOptions {
  host: string;
  auth: 'tokens' | 'none' | undefined;
  anyoneMayJoin: boolean;
  trustedProxy?: string | undefined;
  /** Origins of other sites' pages that may contribute. */
  allowOrigin?: string | undefined;
  /** Which workers are not trusted where no token tells. */
  volunteers?: string;
  robust?: string;
}

/** @throws UserError where the options contradict each other, or would let in anyone by accident */
export function authOf(options: AccessOptions): 'tokens' | 'none' {
  const auth = modeOf(options);
  const { allowOrigin, volunteers = 'none', robust = 'none' } = options;
  if (allowedOrigins(allowOrigin).size > 0 && auth === 'none' && volunteers === 'none' && robust === 'none')
    throw new UserError(
      '--allow-origin lets visitors of other sites compute, and without tokens all workers are trusted: say --volunteers tabs, or --auth tokens and give the page a token of role volunteer',
      2,
    );
  return auth;
}

function modeOf({ host, auth, anyoneMayJoin, trustedProxy }: AccessOptions): 'tokens' | 'none' {
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
