/** A traced connection, on real sockets: one line for what each side sends, in order, and nothing secret in it. */
import { expect, it } from 'vitest';
import { encode } from '../../../shared/protocol/codec.js';
import { PROTOCOL_VERSION } from '../../../shared/protocol/messages.js';
import { protocolTrace } from '../../../shared/protocol/trace.js';
import { dial } from '../../../worker/node/socket.js';
import { traced } from '../../../worker/node/traced.js';
import { edge } from '../../support/cluster/edge.js';

const TOKEN = 'sg_secret-of-the-run';

function lines(side: 'coordinator' | 'worker') {
  const told: string[] = [];
  const write = (line: string) => told.push(line.replace(/^\S+ trace /, '').trim());
  return { told, trace: protocolTrace({ SWARMGRAD_TRACE: 'protocol' }, { side, write }) };
}

it('both ends tell the same conversation, each from its side', async () => {
  const [coordinator, worker] = [lines('coordinator'), lines('worker')];
  const { url, core } = await edge({ trace: coordinator.trace }, { id: 'ada', role: 'worker', name: 'ada' });
  const address = `${url.replace('http', 'ws')}/swarm`;
  await new Promise<void>((resolve) => {
    const connection = traced(
      (events) => dial(address, events),
      worker.trace,
    )({
      opened: () =>
        connection.socket.send(
          encode({ type: 'join', protocol: PROTOCOL_VERSION, name: 'ada', kind: 'node', token: TOKEN }),
        ),
      received: () => core.swarm.disconnections.remove(1),
      closed: () => resolve(),
    });
  });
  const turned = worker.told.map((line) =>
    line.replace('worker', 'coordinator').replace(/->|<-/, (arrow) => (arrow === '->' ? '<-' : '->')),
  );
  expect(coordinator.told.slice(0, 3)).toEqual(turned);
  expect(turned).toEqual([
    `coordinator ada#? <- join protocol=${PROTOCOL_VERSION} name=ada kind=node`,
    expect.stringMatching(/^coordinator ada#1 -> welcome worker=1 run=\S+ generation=1 /),
    'coordinator ada#1 -> close code=4411 reason="removed by an admin of the run"',
  ]);
  expect(coordinator.told.concat(worker.told).join()).not.toContain(TOKEN);
});

it('a dial that is not traced is the same dial', () => {
  const plain = () => {
    throw new Error('not dialed here');
  };
  expect(traced(plain, undefined)).toBe(plain);
});
