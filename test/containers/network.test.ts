/** Networks as they are outside of one machine: slow, and losing packets. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GenericContainer, Wait } from 'testcontainers';
import { describe, it } from 'vitest';
import { type Box, box } from './box.js';
import { cluster, endsAsUndisturbed, withoutEngine } from './cluster.js';
import { IMAGE } from './run.js';

const SLOW_PROXY = fileURLToPath(new URL('slow-proxy.mjs', import.meta.url));
const LOST = '0.05';

describe.skipIf(withoutEngine)('a run in containers has the bits of a calm run outside of any', () => {
  it('when everything that workers send and hear is late', async () => {
    const { coordinator, worker, start } = await cluster();
    const led = await coordinator('--min-workers', '2');
    const proxy = new GenericContainer(IMAGE)
      .withCopyFilesToContainer([{ source: SLOW_PROXY, target: '/tmp/slow-proxy.mjs' }])
      .withEntrypoint(['node', '/tmp/slow-proxy.mjs'])
      .withWaitStrategy(Wait.forLogMessage('ready'));
    await box(await start('proxy', proxy));
    const workers = await Promise.all(['anna', 'ben'].map((name) => worker(name, 'proxy')));
    await endsAsUndisturbed(led, ...workers);
  });

  it.skipIf(cannotLosePackets())('when a worker loses packets in both directions', async () => {
    const { coordinator, worker } = await cluster();
    const led = await coordinator('--min-workers', '2');
    const [anna, ben] = await Promise.all([worker('anna'), worker('ben')]);
    await led.until(({ step }) => step >= 150);
    await losePackets(anna);
    await endsAsUndisturbed(led, anna, ben);
  });
});

/** The kernel's packet filter must be ours to change. Tells so once; CI must be able to. */
function cannotLosePackets(): boolean {
  if (withoutEngine) return true;
  const can = process.getuid?.() === 0 && existsSync('/usr/sbin/iptables');
  if (!can && process.env.CI) throw new Error('CI must be able to lose packets: as root, with iptables');
  if (!can) console.log('skipped: a test in containers that loses packets needs root and iptables');
  return !can;
}

async function losePackets(worker: Box): Promise<void> {
  const { Pid } = (await worker.inspect()).State;
  for (const chain of ['INPUT', 'OUTPUT'])
    execFileSync('nsenter', [
      ...['-t', String(Pid), '-n', 'iptables', '-A', chain, '-p', 'tcp'],
      ...['-m', 'statistic', '--mode', 'random', '--probability', LOST, '-j', 'DROP'],
    ]);
}
