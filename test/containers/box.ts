/** A container and what may befall it. */
import { buffer } from 'node:stream/consumers';
import { getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';
import { onTestFinished } from 'vitest';

const FOUND_IN_TAR = { size: 124, sizeEnd: 136, content: 512 };

export type Box = Awaited<ReturnType<typeof box>>;

/** Whatever becomes of the container: after the test it is removed, and if the test failed, heard. */
export async function box(started: Pick<StartedTestContainer, 'getId'>) {
  const { container: client, network } = await getContainerRuntimeClient();
  const container = client.getById(started.getId());
  const logs = async () => textOf(await container.logs({ stdout: true, stderr: true, tail: 40 }));
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail')
      console.log(`${(await container.inspect()).Name} said:\n${await logs()}`);
    await container.remove({ force: true, v: true });
  });
  return {
    id: container.id,
    logs,
    inspect: () => container.inspect(),
    /** With SIGKILL, also while it is paused. */
    kill: () => container.kill(),
    /** With SIGTERM, and all the time it wants. */
    terminate: () => container.kill({ signal: 'SIGTERM' }),
    pause: () => container.pause(),
    unpause: () => container.unpause(),
    disconnect: (networkId: string) => network.getById(networkId).disconnect({ Container: container.id }),
    reconnect: (networkId: string) => network.getById(networkId).connect({ Container: container.id }),
    /** Resolves with its exit code once it has ended. */
    async ended(): Promise<number> {
      return (await container.wait()).StatusCode;
    },
    /** Runs a command inside. */
    run: async (...command: string[]) => client.exec(container, command),
    /** Text of a file, also of one in a volume, and when the container has ended. */
    async read(path: string): Promise<string> {
      const tar = await buffer(await client.fetchArchive(container, path));
      const { size, sizeEnd, content } = FOUND_IN_TAR;
      const bytes = Number.parseInt(tar.toString('latin1', size, sizeEnd), 8);
      return tar.toString('utf8', content, content + bytes);
    },
  };
}

/** Of an engine's log: pieces of stdout and stderr, each after eight bytes, of which the last four are its length. */
function textOf(pieces: Buffer): string {
  let text = '';
  for (let at = 0; at < pieces.length; ) {
    const begin = at + 8;
    at = begin + pieces.readUInt32BE(begin - 4);
    text += pieces.toString('utf8', begin, at);
  }
  return text;
}
