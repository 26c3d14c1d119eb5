/**
 * Addresses in place of paths: `https://HOST/FILE` and `s3://BUCKET/KEY`, also where a source takes a folder, to which
 * names are then joined.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../../../../../shared/user-error.js';

export const isAddress = (path: string): boolean => /^(https?|s3):\/\//i.test(path);

/** Stands for what may be a credential. */
const HIDDEN = '***';

/**
 * An address as people, logs and files may see it: without user and password, and with the values of its query hidden,
 * since these sign and authorize.
 */
export function shownAddress(address: string): string {
  const [whole = '', query] = address.split(/\?(.*)/s);
  const bare = whole.replace(/^([a-z\d]+:\/\/)[^/]*@/i, `$1${HIDDEN}@`).replace(/#.*$/s, '');
  if (query === undefined) return bare;
  return `${bare}?${query.replace(/#.*$/s, '').replace(/=[^&]*/g, `=${HIDDEN}`)}`;
}

/** @throws UserError where it is none, or has lost what was hidden */
export function parsedAddress(address: string): URL {
  if (address.includes(HIDDEN))
    throw new UserError(
      `${address} has lost its credentials, which are never written down (${HIDDEN}): give the whole address by --data`,
      2,
    );
  try {
    return new URL(address);
  } catch {
    throw new UserError(`${shownAddress(address)} is no address: check --data`, 2);
  }
}

/** The address of a file below one that stands for a folder. Its query, which may sign it, stays. */
export function joinedAddress(folder: string, name: string): string {
  const url = parsedAddress(folder);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${name.split('/').map(encodeURIComponent).join('/')}`;
  return url.href;
}

/** What of a query changes with each signing, and not with what is asked for. */
const SIGNING =
  /^(x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|expires|policy|key-pair-id|sig|se|st|sp|sv|sr|spr|ske|skt|sks|skv|skoid|sktid)$/i;

/** By what its copy is found again: not by its credentials. */
export function addressKey(address: string): string {
  const url = parsedAddress(address);
  for (const name of [...url.searchParams.keys()]) if (SIGNING.test(name)) url.searchParams.delete(name);
  url.username = '';
  url.password = '';
  url.hash = '';
  return createHash('sha256').update(url.href).digest('hex').slice(0, 32);
}
