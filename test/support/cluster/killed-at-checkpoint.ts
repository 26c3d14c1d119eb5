/** A coordinator that dies without a word while its worker holds what its last checkpoint has. */
import { coordinator, type RunningCluster, statusThat, temporaryFolder } from './cluster.js';
import { proxyTo } from './proxy.js';

/** Two workers are waited for: with one, the version stays. */
const RUN = [
  ...['--data', 'digits?train=512&test=128', '--model', 'mlp:128', '--batch-size', '64', '--shards', '8'],
  ...['--seed', '7', '--checkpoint-every', '1', '--epochs', '100000', '--min-workers', '2'],
];
export const WEIGHTS_BYTES = 4 * ((28 * 28 + 1) * 128 + (128 + 1) * 10);

/**
 * @param join brings the worker that comes back, by a proxy that counts what it is sent
 * @returns the coordinator that goes on, once it has that worker; and the bytes that this took
 */
export async function killedAtCheckpoint(
  join: (url: string) => unknown,
): Promise<{ after: RunningCluster; first: number; again: number }> {
  const before = await coordinator(await temporaryFolder(), ...RUN);
  const proxy = await proxyTo(before.url);
  await join(proxy.url);
  await statusThat(
    before,
    'a checkpoint of what its worker holds',
    ({ step, checkpoint, workers }) =>
      checkpoint.step === step && workers.length === 1 && workers[0]!.state === 'idle',
  );
  const first = proxy.sentBytes();
  before.program.child.kill('SIGKILL');
  await before.program.ended;
  const { port } = new URL(before.url);
  const after = await coordinator(before.runDir, '--resume', '--port', port);
  await statusThat(after, 'its worker back', ({ workers }) => workers.some(({ state }) => state === 'idle'));
  return { after, first, again: proxy.sentBytes() - first };
}
