/** Why a connection by TLS was not made, with the remedy. */
import { messageOf } from '../../shared/user-error.js';

const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** The text of an error of a connection. */
export function explained(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const text = messageOf(error);
  if (code === 'EPROTO') return 'what answers there speaks no TLS: give ws:// or http://';
  return code && UNKNOWN_AUTHORITY.includes(code) ? `${text}: give its authority by --ca FILE` : text;
}
