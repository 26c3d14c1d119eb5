/**
 * By which names a coordinator that asks for no token may be called. A web page can have its own name made to point
 * to this machine (DNS rebinding): to the browser our answers are then that page's, and only the name, in the header
 * `Host`, tells that it is not ours. A visitor that has to show a token is known by that, under every name.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../../../shared/protocol/loopback.js';
import { UserError } from '../../../shared/user-error.js';

const ANY = '*';
/** A name or an address, of IPv6 in brackets, perhaps with a port. */
const HOST = /^(\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/;

export interface HostOptions {
  /** The address on which the coordinator listens. */
  host: string;
  auth: 'tokens' | 'none';
  /** Names and addresses, with commas; `*`: any. */
  allowedHosts?: string | undefined;
}

/** Why a request is not answered. */
export interface Barred {
  code: 400 | 403;
  reason: 'twoHosts' | 'foreignHost';
  text: string;
}

/** Undefined for a request that may be answered. */
export type HostCheck = (request: IncomingMessage) => Barred | undefined;

/** @throws UserError for what is no name of a host */
export function hostCheck({ host, auth, allowedHosts }: HostOptions): HostCheck {
  const named = new Set((allowedHosts ?? '').split(',').map(listed).filter(Boolean));
  const mayBeAny = auth === 'tokens' || named.has(ANY);
  named.add(host.toLowerCase());
  // A page has an address for its name only where its own server has that address: then it is none of ours.
  const mayBeAddress = !isLoopback(host);
  const isOurs = (called: string) =>
    isLoopback(called) || named.has(called) || (mayBeAddress && isIP(called) !== 0);
  return (request) => {
    if (countOf(request.rawHeaders, 'host') > 1)
      return { code: 400, reason: 'twoHosts', text: 'a request has one Host\n' };
    if (mayBeAny) return undefined;
    const called = nameIn(request.headers.host ?? '');
    if (called !== undefined && isOurs(called)) return undefined;
    const name = called ?? 'NAME';
    const text = `this coordinator asks for no token, and so answers only by names it was given: start it with --allowed-hosts ${name}, or with --auth tokens\n`;
    return { code: 403, reason: 'foreignHost', text };
  };
}

/** The host name without port, brackets and final dot, in lower case; undefined if `text` is not a host. */
function nameIn(text: string): string | undefined {
  const name = HOST.exec(text.toLowerCase())?.[1];
  return name?.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function listed(entry: string): string {
  const text = entry.trim();
  if (text === '' || text === ANY) return text;
  const name = nameIn(isIP(text) === 6 ? `[${text}]` : text);
  if (name) return name;
  throw new UserError(`--allowed-hosts ${text} is not a host: give names or addresses with commas, or *`, 2);
}

/** How often a header was sent: `rawHeaders` holds names and values in turn. */
const countOf = (rawHeaders: readonly string[], name: string): number =>
  rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length;
