/**
 * What one worker and the run say to each other, however it travels: handed on in order, one message at a time.
 * A violation of the protocol ends this conversation with its own close code, and nothing else; so does anything that
 * breaks the coordinator.
 */
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import { FRAME_CONTRIBUTION, type Frame, FrameError } from '../../shared/protocol/frame.js';
import { type Join, PROTOCOL_VERSION, type WorkerMessage } from '../../shared/protocol/messages.js';
import { MessageError } from '../../shared/protocol/msgpack/message-error.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';
import type { Worker, WorkerState } from '../scheduling/worker.js';
import type { Peer } from '../workers/peer.js';
import { INTERNAL } from '../workers/phase/defects.js';
import type { Swarm } from '../workers/swarm.js';

/** When a worker may say what; all else, once it is ready. */
const IN_STATE: Partial<Record<WorkerMessage['type'], (state: WorkerState) => boolean>> = {
  heartbeat: () => true,
  ready: (state) => state === 'joining',
  synced: (state) => state === 'syncing',
};

/** Who joins: what its token says, and by what it is known. */
export interface Admitted {
  /** Undefined: it has no token. */
  role: WorkerRole | undefined;
  identity: string;
}

/** Who may join. */
export type Admit = (join: Join) => Admitted | { refused: CloseReason; text: string };

export class Conversation {
  /** Undefined until it has joined. */
  worker: Worker | undefined;

  constructor(
    private readonly swarm: Swarm,
    private readonly peer: Peer,
    private readonly admit: Admit,
  ) {}

  refuse(reason: CloseReason, text: string): void {
    if (this.worker) this.swarm.disconnections.refuse(this.worker, reason, text);
    else this.peer.close(reason, text);
  }

  /** A defect of ours that this conversation has met is no reason to end anything but itself. */
  guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof MessageError || error instanceof FrameError)
        return this.refuse('malformed', error.message);
      if (!this.worker) this.peer.close('internal', INTERNAL);
      this.swarm.defects.failed(this.worker, error);
    }
  }

  /** @throws FrameError if it is none that a worker sends */
  frame(frame: Frame): void {
    const { worker, swarm } = this;
    if (worker) swarm.heard(worker);
    if (frame.type !== FRAME_CONTRIBUTION)
      throw new FrameError(`frame type ${frame.type} is not a worker's to send`);
    if (!worker || !swarm.roster.isReady(worker)) this.refuse('unexpected', 'a frame before ready');
    else swarm.answers.frame(worker, frame);
  }

  message(message: WorkerMessage): void {
    const { worker, swarm } = this;
    if (worker) swarm.heard(worker);
    if (message.type === 'join') return this.join(message);
    if (!worker) return this.refuse('unexpected', `${message.type} before join`);
    const { state } = worker;
    const isMeantNow = IN_STATE[message.type] ?? ((now) => now !== 'joining');
    if (!isMeantNow(state)) return this.refuse('unexpected', `${message.type} while ${state}`);
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
      case 'differs':
        return swarm.differs(worker, message);
      case 'heartbeat':
        return;
      default:
        message satisfies never;
    }
  }

  /** The connection has ended. */
  ended(code: number, reason: string): void {
    const said = reason === '' ? '' : `: ${reason}`;
    const why = code === 1006 ? 'connection lost' : `connection closed (${code})${said}`;
    this.guarded(() => this.worker && this.swarm.disconnections.left(this.worker, why, code));
  }

  private join(message: Join): void {
    if (this.worker) return this.refuse('unexpected', 'a second join');
    if (message.protocol !== PROTOCOL_VERSION) {
      return this.refuse(
        'protocolVersion',
        `coordinator speaks version ${PROTOCOL_VERSION}, worker ${message.protocol}`,
      );
    }
    const admitted = this.admit(message);
    if ('refused' in admitted) return this.refuse(admitted.refused, admitted.text);
    this.worker = this.swarm.join(this.peer, message, admitted.role, admitted.identity);
  }
}
