// `npm run dev [-- OPTIONS OF swarmgrad start]`: the pages from Vite's development server, in front of a coordinator
// with two workers that run from the TypeScript sources. A change of a page shows at once; a change of the coordinator
// starts it again, and so does Enter. Threads (engines, building the model) run what was built into dist/: after a
// change there, `npm run build`.
import { spawn } from 'node:child_process';
import { createServer as createProbe } from 'node:net';
import { join } from 'node:path';
import { createServer, loadConfigFromFile, mergeConfig } from 'vite';
import { root } from './sources.mjs';

const PAGES_PORT = 5173;

/** Whatever is no page is the coordinator's. */
const PROXIED = ['/api', '/swarm', '/objects', '/metrics', '/healthz'];

/** As in coordinator/server/http/headers.ts, but for what Vite needs: its styles are inline, and its news come by ws. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "connect-src 'self' ws:",
    "img-src 'self'",
    "worker-src 'self'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

async function freePort() {
  const probe = createProbe();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** In dist/ scripts lie one folder below the coordinator's address; here they lie where the sources do. */
const coordinatorOfPage = {
  name: 'coordinator-of-page',
  load: (id) =>
    id.endsWith('/browser-worker/base.ts') ? 'export const BASE = self.location.origin;' : undefined,
};

const namedPages = {
  name: 'named-pages',
  configureServer({ middlewares }) {
    middlewares.use((request, _response, next) => {
      request.url = request.url?.replace(/^\/(join|wall)(?=$|\?)/, '/$1.html');
      next();
    });
  },
};

function startCoordinator(port) {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const program = [join(root, 'cli/swarmgrad.ts'), 'start', '--port', String(port)];
  const watch = ['watch', '--clear-screen=false', '--exclude', `${join(root, 'runs')}/**`];
  const args = [tsx, ...watch, ...program, ...process.argv.slice(2)];
  return spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

if (process.argv.some((arg) => /^--port(=|$)/.test(arg))) {
  console.error(
    `the pages are on port ${PAGES_PORT}, and the coordinator behind them on one that is free: give no --port`,
  );
  process.exit(2);
}
const port = await freePort();
const target = `http://127.0.0.1:${port}`;
const configFile = join(root, 'browser-worker/vite.config.ts');
const loaded = await loadConfigFromFile({ command: 'serve', mode: 'development' }, configFile);
const vite = await createServer(
  mergeConfig(loaded.config, {
    configFile: false,
    plugins: [coordinatorOfPage, namedPages],
    server: {
      port: PAGES_PORT,
      headers: HEADERS,
      fs: { allow: [root] },
      proxy: Object.fromEntries(PROXIED.map((path) => [path, { target, ws: path === '/swarm' }])),
    },
  }),
);
await vite.listen();
vite.printUrls();
const coordinator = startCoordinator(port);
// Ctrl-C reaches the coordinator too, which ends its run first.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => coordinator.kill(signal));
coordinator.on('exit', async (code) => {
  await vite.close();
  process.exit(code ?? 1);
});
