/**
 * Who somebody is: its address, which it cannot choose, and its token, of which an invitation may give the same
 * to many. A household or a school may share one address. On this machine, where all have the same, its name.
 */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** @param token the name of its token, if it has shown one */
export function identityOf(name: string, address: string | undefined, token?: string): string {
  const place = address === undefined || LOOPBACK.test(address) ? name : address;
  return token === undefined ? place : `${token}@${place}`;
}
