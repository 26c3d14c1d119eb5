/**
 * What every answer carries, so that a page of ours runs nothing but what came from here, and nothing
 * from elsewhere can embed, read or guess what is served.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';

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

/** What pages could ask a browser for, and ours never do. The wake lock is not among them: tabs hold one. */
const FEATURES = [
  ...['accelerometer', 'autoplay', 'camera', 'display-capture', 'encrypted-media', 'fullscreen', 'gamepad'],
  ...['geolocation', 'gyroscope', 'hid', 'idle-detection', 'magnetometer', 'microphone', 'midi', 'payment'],
  ...['picture-in-picture', 'publickey-credentials-get', 'serial', 'sync-xhr', 'usb', 'xr-spatial-tracking'],
];

const HEADERS = {
  'Content-Security-Policy': POLICY,
  // Together these isolate the page, without which browsers give WebAssembly no threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  // For browsers that know no frame-ancestors.
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-DNS-Prefetch-Control': 'off',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': FEATURES.map((feature) => `${feature}=()`).join(', '),
};

/** A browser that came encrypted stays encrypted for a year. Subdomains are not ours to speak for. */
const ONLY_ENCRYPTED = { 'Strict-Transport-Security': 'max-age=31536000' };

const headersFor = (isEncrypted: boolean): [string, string][] =>
  Object.entries(isEncrypted ? { ...HEADERS, ...ONLY_ENCRYPTED } : HEADERS);

/** @param isEncrypted whether the visitor's connection is */
export function secure(response: ServerResponse, isEncrypted: boolean): void {
  for (const [name, value] of headersFor(isEncrypted)) response.setHeader(name, value);
}

/** A whole answer for what never becomes a request. Its connection is then closed. @param text in ASCII */
export function bareAnswer(code: number, isEncrypted: boolean, text = ''): string {
  const headers: [string, string][] = [
    ['Connection', 'close'],
    ...(text === '' ? [] : ([['Content-Type', 'text/plain; charset=utf-8']] as [string, string][])),
    ['Content-Length', String(text.length)],
    ['Cache-Control', 'no-store'],
    ...headersFor(isEncrypted),
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${code} ${STATUS_CODES[code]}`, ...lines, '', text].join('\r\n');
}
