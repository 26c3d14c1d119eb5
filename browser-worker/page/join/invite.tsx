/** How others join: a link, its QR code for phones on the network, and a command for machines. */
import { BASE } from '../../base.js';
import { NewLink } from './new-link.js';
import { QrCode } from './qr-code.js';

interface InviteProps {
  join: string;
  tokens: boolean;
  /** Whether this visitor may make links. */
  admin: boolean;
  /** On the coordinator's machine. */
  runDir: string;
}

/** @param address the join page's, as the coordinator knows it: under a path only a reverse proxy has it */
export function Invite({ join: address, tokens, admin, runDir }: InviteProps) {
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
        {tokens && admin ? (
          <NewLink server={server} />
        ) : tokens ? (
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
