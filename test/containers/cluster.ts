/** A network with a coordinator and workers on it, each in a container of its own; its runs lie in a volume. */
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { expect, inject, onTestFinished } from 'vitest';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import { isOver, type Status } from '../../shared/status/status.js';
import { type Box, box } from './box.js';
import { BATCH_SIZE, IMAGE, RUN, SHARDS, STEPS } from './run.js';

const PORT = 8790;
const SUMMARY = '/runs/run/summary.json';
const ASK_AGAIN_MS = 100;
/** A busy machine starts slowly. */
const STARTUP_MS = 120_000;

const undisturbedSha256 = inject('undisturbedSha256');
export const withoutEngine = undisturbedSha256 === undefined;

export interface Cluster {
  networkId: string;
  /** Starts it, or, where the volume holds its run, goes on with that. */
  coordinator(...options: string[]): Promise<RunningCoordinator>;
  /** @param host that is called; by default the coordinator */
  worker(name: string, host?: string): Promise<Box>;
  /** Starts any other program on the network. */
  start(name: string, container: GenericContainer): Promise<StartedTestContainer>;
}

export interface RunningCoordinator extends Box {
  status(): Promise<Status>;
  /** Resolves at the first status that is meant, asking again and again; rejects if the run ends before. */
  until(isMeant: (status: Status) => boolean): Promise<Status>;
}

export async function cluster(): Promise<Cluster> {
  const network = await new Network().start();
  const volume = `runs-${network.getName()}`;
  onTestFinished(async () => {
    await network.stop();
    const { container } = await getContainerRuntimeClient();
    await container.dockerode.getVolume(volume).remove({ force: true });
  });
  const start = (name: string, container: GenericContainer) =>
    container.withNetwork(network).withNetworkAliases(name).withStartupTimeout(STARTUP_MS).start();
  return {
    networkId: network.getId(),
    start,
    async coordinator(...options) {
      const where = [
        '--start-or-resume',
        '--run-dir',
        '/runs/run',
        '--host',
        '0.0.0.0',
        '--anyone-may-join',
        '--allowed-hosts',
        '*',
      ];
      const container = new GenericContainer(IMAGE)
        .withCommand(['coordinator', ...where, ...RUN, ...options])
        .withBindMounts([{ source: volume, target: '/runs' }])
        .withExposedPorts(PORT)
        .withWaitStrategy(Wait.forLogMessage(/listening on http/));
      const started = await start('coordinator', container);
      const url = `http://${started.getHost()}:${started.getMappedPort(PORT)}`;
      return watched(await box(started), url);
    },
    async worker(name, host = 'coordinator') {
      const container = new GenericContainer(IMAGE)
        .withCommand(['worker', `ws://${host}:${PORT}`, '--name', name])
        .withWaitStrategy(Wait.forLogMessage(/connected to/));
      return box(await start(name, container));
    },
  };
}

export function watched(coordinator: Box, url: string, token?: string): RunningCoordinator {
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
  const status = async () => {
    const response = await fetch(`${url}/api/status`, { headers });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Status;
  };
  return {
    ...coordinator,
    status,
    async until(isMeant) {
      for (;;) {
        const now = await status();
        if (isMeant(now)) return now;
        if (isOver(now.state)) throw new Error(`the run is over too early: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      }
    },
  };
}

export const names = ({ workers }: Status): string[] => workers.map(({ name }) => name).sort();

export const summaryOf = async (coordinator: Box): Promise<Summary> =>
  JSON.parse(await coordinator.read(SUMMARY));

/** Waits for the end of all: nothing was lost, nothing counted twice, and the weights are those of a calm run. */
export async function endsAsUndisturbed(coordinator: Box, ...workers: Box[]): Promise<Summary> {
  expect(await coordinator.ended()).toBe(0);
  for (const worker of workers) expect(await worker.ended()).toBe(0);
  const summary = await summaryOf(coordinator);
  expect(summary).toMatchObject({ status: 'finished', steps: STEPS, samplesTrained: STEPS * BATCH_SIZE });
  expect(summary.weightsSha256).toBe(undisturbedSha256);
  expect(summary.shards).toMatchObject({ expected: STEPS * SHARDS, counted: STEPS * SHARDS });
  return summary;
}
