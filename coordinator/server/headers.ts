/**
 * What every answer carries, so that a page of ours runs nothing but what came from here, and nothing
 * from elsewhere can embed, read or guess what is served.
 */
import type { ServerResponse } from 'node:http';

/** Drawn pictures and styles set by scripts need no exception; WebAssembly does. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  // Together these isolate the page, without which browsers give WebAssembly no threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Whoever came encrypted comes encrypted for the next year. */
const ONLY_ENCRYPTED = 'max-age=31536000';

/** @param isEncrypted whether the visitor's connection is */
export function secure(response: ServerResponse, isEncrypted: boolean): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (isEncrypted) response.setHeader('Strict-Transport-Security', ONLY_ENCRYPTED);
}
