/**
 * One worker's connection: validates what arrives and hands it on, in order, one message at a time.
 * A violation of the protocol ends this connection with its own close code, and nothing else; so does anything that
 * breaks the coordinator.
 */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import { decodeWorkerMessage } from '../../shared/protocol/codec.js';
import {
  FRAME_CONTRIBUTION,
  FrameError,
  isFrame,
  peekHeader,
  readFrame,
} from '../../shared/protocol/frame.js';
import { MessageError } from '../../shared/protocol/message-error.js';
import { PROTOCOL_VERSION, type WorkerMessage } from '../../shared/protocol/messages.js';
import { COMPUTE, may } from '../../shared/protocol/roles.js';
import { MAX_CONTROL_BYTES } from '../../shared/protocol/sizes.js';
import type { Worker, WorkerState } from '../scheduling/worker.js';
import { INTERNAL } from '../workers/phase-in-hand.js';
import type { Swarm } from '../workers/swarm.js';
import type { Refusal } from './access/authenticator.js';
import { type ConnectionGuard, OPEN_GUARD } from './connection-guard.js';
import { identityOf } from './network/identity.js';
import { MAX_FIRST_MESSAGE_BYTES } from './network/limits.js';
import { peerOf } from './peer.js';
import type { ServerSocket } from './sockets/server-socket.js';

/** When a worker may say what; all else, once it is ready. */
const IN_STATE: Partial<Record<WorkerMessage['type'], (state: WorkerState) => boolean>> = {
  heartbeat: () => true,
  ready: (state) => state === 'joining',
  synced: (state) => state === 'syncing',
};

export function serveConnection(
  socket: ServerSocket,
  swarm: Swarm,
  guard: ConnectionGuard = OPEN_GUARD,
): void {
  const peer = peerOf(socket, swarm.traffic, guard, () => {
    closing = true;
  });
  let worker: Worker | undefined;
  let forget: () => void = () => undefined;
  let closing = false;

  /** Where the body of the frame lies that is on its way. */
  let lent: Uint8Array | undefined;
  const giveBack = () => {
    if (lent) swarm.giveBack(lent);
    lent = undefined;
  };

  const refuse = (reason: CloseReason, text: string) => {
    if (worker) swarm.refuse(worker, reason, text);
    else peer.close(reason, text);
  };
  /** A defect of ours that this connection has met is no reason to end anything but itself. */
  const guarded = (act: () => void) => {
    try {
      act();
    } catch (error) {
      if (error instanceof MessageError || error instanceof FrameError)
        return refuse('malformed', error.message);
      if (!worker) peer.close('internal', INTERNAL);
      swarm.inHand.failed(worker, error);
    }
  };
  const joinTimer = setTimeout(
    // Where this process itself was late, the join may be here already: it is read first.
    () =>
      setImmediate(() => {
        if (!worker && !closing) refuse('joinTimeout', `no join within ${guard.joinWithinMs / 1000} s`);
      }),
    guard.joinWithinMs,
  );

  const receive = (bytes: Uint8Array, body?: Uint8Array) => {
    if (worker) swarm.heard(worker);
    if (isFrame(bytes)) {
      const frame = readFrame(bytes, body);
      if (frame.type !== FRAME_CONTRIBUTION)
        throw new FrameError(`frame type ${frame.type} is not a worker's to send`);
      if (!worker || !swarm.roster.isReady(worker)) refuse('unexpected', 'a frame before ready');
      else swarm.answers.frame(worker, frame);
      return;
    }
    handle(decodeWorkerMessage(bytes));
  };

  const handle = (message: WorkerMessage) => {
    if (message.type === 'join') {
      if (worker) return refuse('unexpected', 'a second join');
      if (message.protocol !== PROTOCOL_VERSION) {
        return refuse(
          'protocolVersion',
          `coordinator speaks version ${PROTOCOL_VERSION}, worker ${message.protocol}`,
        );
      }
      const result = guard.authenticate(message.token);
      if ('refused' in result) {
        const { reason, text } = REFUSALS[result.refused];
        return refuse(reason, text);
      }
      const { principal } = result;
      const { roles } = principal;
      // Who may join may say all that workers say: a role does not change while its token is in force.
      if (!may(COMPUTE, roles)) return refuse('forbidden', `join is not for the role ${roles.join(', ')}`);
      const isTrusted =
        principal.token === undefined
          ? roles.includes('admin')
          : ['worker', 'admin'].includes(principal.token.role);
      const identity = identityOf(message.name, guard.address, principal.token?.name);
      if (!isTrusted && !guard.mayJoin(identity))
        return refuse('tooManyJoins', 'more joins a minute than any worker needs: try again later');
      if (!guard.takePlace(principal))
        return refuse('tooManyConnections', 'no place is left: try again later');
      clearTimeout(joinTimer);
      forget = guard.watch(principal, (why) => guarded(() => refuse(why, VOID[why])));
      const role = principal.token && (isTrusted ? 'worker' : 'volunteer');
      worker = swarm.join(peer, message, role, identity);
      return;
    }
    if (!worker) return refuse('unexpected', `${message.type} before join`);
    const { state } = worker;
    const isMeantNow = IN_STATE[message.type] ?? ((now) => now !== 'joining');
    if (!isMeantNow(state)) return refuse('unexpected', `${message.type} while ${state}`);
    switch (message.type) {
      case 'ready':
        return swarm.ready(worker, message);
      case 'synced':
        return swarm.synced(worker);
      case 'contribution':
        return swarm.answers.contribution(worker, message);
      case 'evaluated':
        return swarm.answers.evaluated(worker, message);
      case 'dropped':
        return swarm.answers.dropped(worker, message);
      case 'heartbeat':
        return;
      default:
        message satisfies never;
    }
  };

  socket.listen({
    place(head) {
      giveBack();
      const header = worker && !closing ? peekHeader(head) : undefined;
      if (header?.type === FRAME_CONTRIBUTION) lent = swarm.lend(worker!, header.bodyBytes);
      return lent;
    },
    received(bytes, isBinary, body) {
      if (closing) return;
      swarm.traffic.up += bytes.length + (body?.length ?? 0);
      guard.trace?.received(bytes, body?.length);
      // Check state and length first: nothing is built from a message that was not asked for.
      const controlBytes = isFrame(bytes) ? 0 : bytes.length;
      const isLong = worker !== undefined && controlBytes > MAX_CONTROL_BYTES;
      const tooMany = guard.mayReceive(isLong ? 0 : controlBytes);
      if (tooMany) return refuse(tooMany, TOO_MANY[tooMany]);
      guard.received(worker?.role ?? 'stranger');
      if (isLong && controlBytes > swarm.answers.longestFrom(worker!))
        return refuse(
          'unexpected',
          `a message of ${controlBytes} bytes, where nothing so long was asked for`,
        );
      guarded(() => {
        if (!worker && bytes.length > MAX_FIRST_MESSAGE_BYTES)
          throw new MessageError(`a first message of ${bytes.length} bytes`);
        if (!isBinary) throw new MessageError('a text message: all messages are binary');
        receive(bytes, body);
        giveBack();
      });
    },
    beside(bytes) {
      const tooMany = closing ? undefined : guard.mayReceive(bytes);
      if (tooMany) guarded(() => refuse(tooMany, TOO_MANY[tooMany]));
    },
    broken: (why) => guard.refused(why),
    closed(code, reason) {
      clearTimeout(joinTimer);
      forget();
      giveBack();
      guard.trace?.closed('<-', code, reason);
      closing = true;
      const said = reason === '' ? '' : `: ${reason}`;
      const why = code === 1006 ? 'connection lost' : `connection closed (${code})${said}`;
      guarded(() => worker && swarm.left(worker, why, code));
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
