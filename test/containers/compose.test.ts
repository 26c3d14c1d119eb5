/** The project's own docker-compose.yml: tokens, confinement, a worker that crashes, and the end. */
import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Box, box } from './box.js';
import { endsAsUndisturbed, names, watched, withoutEngine } from './cluster.js';
import { buildArguments, IMAGE, ROOT, RUN, STEPS } from './run.js';

const WORKERS = 3;

describe.skipIf(withoutEngine)('docker compose up', () => {
  it('trains to the bits of a calm run, though a worker crashes, whose container starts again', async () => {
    const { coordinator, workers, token } = await composed(WORKERS);
    const led = watched(coordinator.box, coordinator.url, token);
    const all = await led.until((status) => names(status).length === WORKERS && status.step >= 20);
    expect(all.step).toBeLessThan(STEPS);
    const [crashing] = workers;
    // All but the container's first process, which passes the end on.
    await crashing!.run('sh', '-c', 'kill -9 -1');
    await endsAsUndisturbed(led, ...workers);
    expect((await crashing!.inspect()).RestartCount).toBe(1);
  });

  it('confines coordinator and workers: no root, no writing outside of volumes, no capabilities', async () => {
    const { coordinator, workers } = await composed(1, '--steps', '1000000000');
    for (const { run, inspect } of [coordinator.box, workers[0]!]) {
      expect((await run('id', '-u')).output.trim()).toBe('1000');
      for (const folder of ['/app', '/home/node', '/usr/local/bin'])
        expect((await run('touch', `${folder}/new`)).output).toContain('Read-only file system');
      const status = await run('cat', '/proc/self/status');
      expect(status.output).toMatch(/^CapEff:\s+0+$/m);
      expect(status.output).toMatch(/^NoNewPrivs:\s+1$/m);
      expect((await inspect()).HostConfig).toMatchObject({ ReadonlyRootfs: true, Privileged: false });
    }
    expect((await workers[0]!.run('touch', '/tokens/worker')).output).toContain('Read-only file system');
    expect((await fetch(`${coordinator.url}/api/status`)).status).toBe(401);
  });
});

/** Up, with so many workers, without one of which the run waits, and on a free port. */
async function composed(
  count: number,
  ...options: string[]
): Promise<{
  coordinator: { box: Box; url: string };
  workers: Box[];
  token: string;
}> {
  const workerNames = Array.from({ length: count }, (_, at) => `worker-${at + 1}`);
  const description = new DockerComposeEnvironment(ROOT, 'docker-compose.yml')
    .withEnvironment({
      ...buildArguments(),
      SWARMGRAD_IMAGE: IMAGE,
      // Wherever the engine's host is, seen from here.
      SWARMGRAD_PUBLISH: '0.0.0.0:0',
      SWARMGRAD_OPTIONS: [...RUN, '--min-workers', count, ...options].join(' '),
    })
    .withClientOptions({ commandOptions: ['--scale', `worker=${count}`] })
    .withWaitStrategy('coordinator-1', Wait.forLogMessage(/listening on http/));
  // Their first check of health comes after 30 s, when the run may be over.
  for (const name of workerNames) description.withWaitStrategy(name, Wait.forLogMessage(/connected to/));
  const environment = await description.up();
  onTestFinished(async () => {
    await environment.down({ removeVolumes: true, timeout: 0 });
  });
  const started = environment.getContainer('coordinator-1');
  const workers = await Promise.all(workerNames.map((name) => box(environment.getContainer(name))));
  const token = (await workers[0]!.run('cat', '/tokens/worker')).output.trim();
  const url = `http://${started.getHost()}:${started.getMappedPort(8790)}`;
  return { coordinator: { box: await box(started), url }, workers, token };
}
