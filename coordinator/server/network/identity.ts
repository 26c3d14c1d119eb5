/**
 * The identity of a worker: its address (for IPv6 its network, in which it may have any), which it cannot choose,
 * and its token, which an invitation may give to many. A household or a school may share one address. On this
 * machine, where all share one address, its name counts: marked as such, since a name may be the address of another.
 */
import { isLoopbackAddress, networkOf } from './network-address.js';

/**
 * @param address of the far end; behind a trusted proxy what that tells of it; undefined: there is no network between
 * @param token the name of its token, if it has shown one
 */
export function identityOf(name: string, address: string | undefined, token?: string): string {
  const place = address === undefined ? name : placeOf(name, address);
  return token === undefined ? place : `${token}@${place}`;
}

const placeOf = (name: string, address: string): string =>
  address === '' || isLoopbackAddress(address) ? `${name} (local)` : networkOf(address);
