/** How to watch a run, and how phones and laptops join with a browser: addresses, and a QR code to scan. */
import { renderUnicodeCompact } from 'uqr';
import type { FirstTokens } from '../../coordinator/server/access/access.js';
import {
  joinAddress,
  joinLine,
  linkWith,
  reachableByOthers,
  reachableLocally,
} from '../../coordinator/server/network/addresses.js';
import { isLoopback } from '../../shared/protocol/loopback.js';

const BORDER = 2;

/** Lines for the terminal. The code only where there is one to draw on, and others can reach the address. */
export function invitation(url: string, terminal: { isTTY?: boolean }, takesToken = false): string[] {
  const join = joinAddress(url);
  // Without its token a link is of no use.
  const how = takesToken ? ' (by the link with your token)' : '';
  const lines = [`dashboard: ${reachableLocally(url)}/${how}`];
  if (takesToken || isLoopback(new URL(join).hostname)) return lines;
  return [...lines, `join with a browser: ${join}`, ...codeOf(join, terminal)];
}

/** The QR code of a link, where it can be drawn. */
export const codeOf = (link: string, { isTTY }: { isTTY?: boolean }): string[] =>
  isTTY ? [renderUnicodeCompact(link, { border: BORDER })] : [];

/** The tokens of a first start, as they are used: they are told only here. */
export function firstTokensText(url: string, { admin, worker }: FirstTokens, runDir: string): string[] {
  const command = joinLine(url, true)
    .replace(/^.*(?=SWARMGRAD_TOKEN)/, '')
    .replace('...', worker);
  return [
    'tokens were made for this run; they are shown only now:',
    `  to steer it, open  ${linkWith(`${reachableByOthers(url)}/`, admin)}`,
    `  to compute for it  ${command.replace(/ \(.*$/, '')}`,
    `  others: npx swarmgrad token create --role volunteer --run-dir ${runDir}`,
  ];
}
