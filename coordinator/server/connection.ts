/** A worker's connection by a socket: validates what arrives, and how much, before it is part of the conversation. */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import { decodeWorkerMessage } from '../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, isFrame, peekHeader, readFrame } from '../../shared/protocol/frame.js';
import { MessageError } from '../../shared/protocol/msgpack/message-error.js';
import { COMPUTE, may } from '../../shared/protocol/roles.js';
import { MAX_CONTROL_BYTES } from '../../shared/protocol/sizes.js';
import type { Swarm } from '../workers/swarm.js';
import type { Refusal } from './access/authenticator.js';
import { type ConnectionGuard, OPEN_GUARD } from './access/connection-guard.js';
import { type Admit, Conversation } from './conversation.js';
import { identityOf } from './network/identity.js';
import { MAX_FIRST_MESSAGE_BYTES } from './network/limits.js';
import { peerOf } from './peer.js';
import type { ServerSocket } from './sockets/server-socket.js';

export function serveConnection(
  socket: ServerSocket,
  swarm: Swarm,
  guard: ConnectionGuard = OPEN_GUARD,
): void {
  const peer = peerOf(socket, swarm.traffic, guard, () => {
    closing = true;
    readOn();
  });
  let forget: () => void = () => undefined;
  let closing = false;

  const admit: Admit = (message) => {
    const result = guard.authenticate(message.token);
    if ('refused' in result) {
      const { reason, text } = REFUSALS[result.refused];
      return { refused: reason, text };
    }
    const { principal } = result;
    const { roles } = principal;
    // Who may join may say all that workers say: a role does not change while its token is in force.
    if (!may(COMPUTE, roles))
      return { refused: 'forbidden', text: `join is not for the role ${roles.join(', ')}` };
    const isTrusted =
      principal.token === undefined
        ? roles.includes('admin')
        : ['worker', 'admin'].includes(principal.token.role);
    const identity = identityOf(message.name, guard.address, principal.token?.name);
    if (!isTrusted && !guard.mayJoin(identity))
      return { refused: 'tooManyJoins', text: 'more joins a minute than any worker needs: try again later' };
    if (!guard.takePlace(principal))
      return { refused: 'tooManyConnections', text: 'no place is left: try again later' };
    clearTimeout(joinTimer);
    forget = guard.watch(principal, (why) => conversation.guarded(() => conversation.refuse(why, VOID[why])));
    return { role: principal.token && (isTrusted ? 'worker' : 'volunteer'), identity };
  };
  const conversation = new Conversation(swarm, peer, admit);

  /** Where the body of the frame lies that is on its way. */
  let lent: Uint8Array | undefined;
  const giveBack = () => {
    if (lent) swarm.giveBack(lent);
    lent = undefined;
  };
  /** Whether a body is to be read later. */
  let isHeld = false;
  const named =
    socket.named &&
    ((place: Uint8Array | undefined) => {
      isHeld = false;
      lent = place;
      socket.named!(place);
    });
  /** What waits to be read is read at once: the far end may have a last word. */
  const readOn = () => {
    if (!isHeld) return;
    swarm.forgetBody(conversation.worker!);
    named!(undefined);
  };

  const joinTimer = setTimeout(
    // Where this process itself was late, the join may be here already: it is read first.
    () =>
      setImmediate(() => {
        if (conversation.worker || closing) return;
        conversation.refuse('joinTimeout', `no join within ${guard.joinWithinMs / 1000} s`);
      }),
    guard.joinWithinMs,
  );

  socket.listen({
    place(head) {
      giveBack();
      const { worker } = conversation;
      const header = worker && !closing ? peekHeader(head) : undefined;
      // What is coded is added where it is decoded to.
      if (header?.type !== FRAME_CONTRIBUTION || header.coding) return undefined;
      const place = swarm.lend(worker!, header.bodyBytes, named);
      isHeld = place === 'later';
      if (place !== 'later') lent = place;
      return place;
    },
    received(bytes, isBinary, body) {
      if (closing) return;
      swarm.traffic.up += bytes.length + (body?.length ?? 0);
      guard.trace?.received(bytes, body?.length);
      const { worker } = conversation;
      // Check state and length first: nothing is built from a message that was not asked for.
      const controlBytes = isFrame(bytes) ? 0 : bytes.length;
      const isLong = worker !== undefined && controlBytes > MAX_CONTROL_BYTES;
      const tooMany = guard.mayReceive(isLong ? 0 : controlBytes);
      if (tooMany) return conversation.refuse(tooMany, TOO_MANY[tooMany]);
      guard.received(worker?.role ?? 'stranger');
      if (isLong && controlBytes > swarm.answers.longestFrom(worker))
        return conversation.refuse(
          'unexpected',
          `a message of ${controlBytes} bytes, where nothing so long was asked for`,
        );
      conversation.guarded(() => {
        if (!worker && bytes.length > MAX_FIRST_MESSAGE_BYTES)
          throw new MessageError(`a first message of ${bytes.length} bytes`);
        if (!isBinary) throw new MessageError('a text message: all messages are binary');
        if (isFrame(bytes)) conversation.frame(readFrame(bytes, body));
        else conversation.message(decodeWorkerMessage(bytes));
        giveBack();
      });
    },
    beside(bytes) {
      const tooMany = closing ? undefined : guard.mayReceive(bytes);
      if (tooMany) conversation.guarded(() => conversation.refuse(tooMany, TOO_MANY[tooMany]));
    },
    broken: (why) => guard.refused(why),
    closed(code, reason) {
      clearTimeout(joinTimer);
      forget();
      if (isHeld) swarm.forgetBody(conversation.worker!);
      giveBack();
      guard.trace?.closed('<-', code, reason);
      closing = true;
      conversation.ended(code, reason);
    },
  });
}

const TOO_MANY = {
  tooManyMessages: 'more messages a second than any worker needs',
  tooManyBytes: 'more bytes of control messages a second than any worker needs',
};

/** Why a token that was right is right no more. */
const VOID = {
  revoked: 'its token was revoked',
  expired: "its token has expired, by the clock of the coordinator's machine",
};

const REFUSALS: Record<Refusal, { reason: CloseReason; text: string }> = {
  missing: {
    reason: 'unauthorized',
    text: 'this run asks for a token: give one by SWARMGRAD_TOKEN or --token, or open your link again',
  },
  wrong: {
    reason: 'unauthorized',
    text: 'the token is not valid: it may have been revoked',
  },
  expired: { reason: 'expired', text: VOID.expired },
  tooMany: { reason: 'tooManyAttempts', text: 'too many wrong tokens from this address' },
};
