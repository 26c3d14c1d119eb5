/** How others join: a link, its QR code for phones on the network, and a command for machines. */
import { useMemo } from 'preact/hooks';
import { encode } from 'uqr';
import { BASE } from '../../base.js';

interface InviteProps {
  join: string;
  tokens: boolean;
  /** On the coordinator's machine. */
  runDir: string;
}

/** @param address the join page's, as the coordinator knows it: under a path only a reverse proxy has it */
export function Invite({ join: address, tokens, runDir }: InviteProps) {
  const server = new URL(BASE).pathname === '/' ? new URL(address).origin : BASE;
  const join = `${server}/join`;
  const { hostname } = new URL(join);
  const isLocal = /^(localhost|127\.|\[::1\])/.test(hostname);
  return (
    <section class="full invite" aria-labelledby="invite-title">
      {/* Another device would look for its own machine. */}
      {!tokens && !isLocal && <QrCode text={join} />}
      <div>
        <h2 id="invite-title">Invite</h2>
        {tokens ? (
          <p>
            With a browser: by a link that{' '}
            <code>
              npx swarmgrad token create --role volunteer --run-dir {runDir} --url {server}
            </code>{' '}
            makes, on the coordinator's machine
          </p>
        ) : (
          <p>
            With a browser: <a href={join}>{join}</a>
          </p>
        )}
        <p>
          With Node:{' '}
          <code>
            {tokens && 'SWARMGRAD_TOKEN=... '}npx swarmgrad worker {server.replace(/^http/, 'ws')}
          </code>
        </p>
        {isLocal && (
          <p class="soft">Only this machine can reach it: start with --host 0.0.0.0 to let others join.</p>
        )}
      </div>
    </section>
  );
}

function QrCode({ text }: { text: string }) {
  const { path, size } = useMemo(() => {
    const { data, size } = encode(text, { border: 2 });
    const path = data
      .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
      .join('');
    return { path, size };
  }, [text]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={`QR code of ${text}`}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} />
      <path d={path} />
    </svg>
  );
}
