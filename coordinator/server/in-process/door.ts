/**
 * How a worker of this process joins: the same conversation as over a socket, and so the same leases, ledger and checks.
 * Only that nothing is encoded, and nothing copied: it hears of weights where they lie, and what it has written is added
 * where that lies.
 */
import { CLOSE, closeText } from '../../../shared/protocol/close-codes.js';
import { readFrame } from '../../../shared/protocol/frame.js';
import type { InProcessDoor } from '../../../shared/protocol/in-process.js';
import type { Core } from '../../run/core.js';
import type { Peer } from '../../workers/peer.js';
import { Conversation } from '../conversation.js';
import { Turns } from './turns.js';

export function openDoor(
  { swarm, gradients }: Pick<Core, 'swarm' | 'gradients'>,
  objects: { get(sha256: string): Uint8Array | undefined },
): InProcessDoor {
  return {
    object: (sha256) => objects.get(sha256),
    connect(events) {
      const turns = new Turns();
      let isClosedHere = false;
      let isOver = false;
      const end = (code: number, reason: string) => {
        if (isOver) return;
        isOver = true;
        turns.add(() => {
          conversation.ended(code, reason);
          events.closed(code, reason);
        });
      };
      const peer: Peer = {
        send: (message) => turns.add(() => events.told(message)),
        held: (which, version, values) => turns.add(() => events.held(which, version, values)),
        // Weights are told of, and nothing else is sent in frames.
        sendFrame: (_header, _body, flushed) => turns.add(flushed),
        bufferedBytes: () => 0,
        close(reason, text) {
          isClosedHere = true;
          end(CLOSE[reason].code, closeText(text));
        },
      };
      // It is as trusted as the coordinator itself.
      const conversation = new Conversation(swarm, peer, ({ name }) => ({ role: 'worker', identity: name }));
      turns.add(() => events.opened());
      return {
        tell(message) {
          turns.add(() => {
            if (!isClosedHere) conversation.guarded(() => conversation.message(message));
          });
        },
        sendFrame(header, body, flushed) {
          turns.add(() => {
            const { worker } = conversation;
            if (isClosedHere || !worker) return flushed();
            const isBorrowed = swarm.borrow(worker, body, flushed);
            conversation.guarded(() => conversation.frame(readFrame(header, body)));
            if (isBorrowed) swarm.giveBack(body);
            else flushed();
          }, true);
        },
        allocate: (elements) => gradients.allocate(elements),
        release: (vector) => gradients.release(vector),
        close: end,
      };
    },
  };
}
