/** How to watch a run, and how phones and laptops join with a browser: addresses, and a QR code to scan. */
import { renderUnicodeCompact } from 'uqr';
import { joinAddress, reachableLocally } from '../coordinator/server/addresses.js';

const LOOPBACK = /^(localhost|127\.|\[::1\])/;
const BORDER = 2;

/** Lines for the terminal. The code only where there is one to draw on, and others can reach the address. */
export function invitation(url: string, { isTTY }: { isTTY?: boolean }): string[] {
  const join = joinAddress(url);
  const lines = [`dashboard: ${reachableLocally(url)}/`];
  if (LOOPBACK.test(new URL(join).hostname)) return lines;
  lines.push(`join with a browser: ${join}`);
  if (isTTY) lines.push(renderUnicodeCompact(join, { border: BORDER }));
  return lines;
}
