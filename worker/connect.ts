/** One connection of a worker, from dialing to its end: a session answers it, and what it was is told in the end. */
import type { Clock } from '../shared/clock.js';
import { printable } from '../shared/printable.js';
import { CLOSE, closeText } from '../shared/protocol/close-codes.js';
import { FrameError } from '../shared/protocol/frame.js';
import type { RunProgress, Welcome, WorkerKind } from '../shared/protocol/messages.js';
import { MessageError } from '../shared/protocol/msgpack/message-error.js';
import type { WorkerHappening } from '../shared/status/worker-events.js';
import { messageOf, UserError } from '../shared/user-error.js';
import type { Connection, ConnectionEvents } from './connection.js';
import type { RunMaterial } from './data/material.js';
import type { ConnectionEnd } from './reconnection.js';
import { Session } from './session.js';
import { unlessSilent } from './silence.js';
import { bytesOf } from './weights/hashed-bytes.js';
import type { HeldWeights } from './weights/weight-versions.js';

/** No close code was received: the connection was given up. */
const ABANDONED = 1006;

/** As whom a worker joins. */
export interface Joining {
  /** The worker's name on the dashboard. */
  name: string;
  kind: WorkerKind;
  /** Undefined: none, or a tab's cookie is enough. */
  token?: string | undefined;
}

export interface ConnectOptions {
  joining: Joining;
  clock: Clock;
  /** The last connection's weights: they need not be sent again if they are still current. */
  held: HeldWeights | undefined;
  dial(events: ConnectionEvents): Connection;
  sha256(bytes: Uint8Array): Promise<string>;
  prepare(welcome: Welcome): Promise<RunMaterial>;
  /** The engine may be damaged: it is not to be used again. */
  damaged(): void;
  /** The coordinator has answered. */
  opened(): void;
  progressed(progress: RunProgress): void;
  tell(happening: WorkerHappening): void;
}

/** What a connection was. */
export interface Connected extends ConnectionEnd {
  /** Whether it was open at all; otherwise no coordinator answered. */
  wasOpen: boolean;
  /** The newest weights that this worker holds. */
  held: HeldWeights | undefined;
}

export interface Attempt {
  /** Never rejects. */
  ended: Promise<Connected>;
  /** Gives the connection up at once, though its socket may look open. */
  abandon(why: string): void;
}

/** @param stop closes the connection as one that the worker leaves */
export function connect(options: ConnectOptions, stop: AbortSignal): Attempt {
  const { joining, clock, prepare, tell, progressed } = options;
  let { held } = options;
  let hashed = held && hashOf(held, options.sha256);
  let problem = '';
  let hasFailed = false;
  let wasOpen = false;
  let wasBroken = false;
  let isOver = false;
  let resolve!: (connected: Connected) => void;
  const ended = new Promise<Connected>((settle) => {
    resolve = settle;
  });
  const end = (code: number, reason: string) => {
    if (isOver) return;
    isOver = true;
    stop.removeEventListener('abort', leave);
    session.close();
    const why = printable(problem || reason || `closed with code ${code}`);
    const { samples } = session;
    resolve({ code, why, wasOpen, wasBroken, hasFailed, samples, held: session.holding() ?? held });
  };
  const hear = (act: () => void) => {
    if (isOver) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof MessageError || error instanceof FrameError)) return fail(error);
      // Later messages of this connection are ignored.
      wasBroken = true;
      connection.close(CLOSE.malformed.code, closeText(printable(error.message)));
      end(CLOSE.malformed.code, error.message);
    }
  };
  const events: ConnectionEvents = {
    opened() {
      if (isOver) return;
      wasOpen = true;
      options.opened();
      if (stop.aborted) leave();
      else if (!hashed) session.opened();
      else
        void hashed.then((known) => {
          if (isOver) return;
          // They are the session's now, which lets go of them once it has others.
          held = undefined;
          hashed = undefined;
          session.opened(known);
        });
    },
    place: (head) => (isOver ? undefined : session.place(head)),
    received: (bytes, body) => hear(() => session.received(bytes, body)),
    told: (message) => hear(() => session.told(message)),
    held: (which, version, values) => hear(() => session.hold(which, version, values)),
    closed: end,
  };
  const abandon = (why: string) => {
    connection.close(CLOSE.leaving.code, closeText(why));
    end(ABANDONED, why);
  };
  const connection = options.dial(unlessSilent(events, abandon));
  const fail = (error: unknown) => {
    // A late result of the old connection must not break the next one.
    if (isOver) return;
    problem = messageOf(error);
    hasFailed = true;
    if (!(error instanceof UserError)) options.damaged();
    const reason = error instanceof UserError ? CLOSE.unable : CLOSE.failed;
    connection.close(reason.code, closeText(printable(problem)));
  };
  const { socket } = connection;
  const session = new Session({
    ...joining,
    socket,
    clock,
    prepare,
    fail,
    tell,
    progressed,
    sha256: options.sha256,
  });
  const leave = () => connection.close(CLOSE.leaving.code, 'stopped');
  stop.addEventListener('abort', leave);
  return { ended, abandon };
}

/** @returns undefined where they cannot be hashed: then they are sent */
async function hashOf(
  held: HeldWeights,
  sha256: ConnectOptions['sha256'],
): Promise<(HeldWeights & { sha256: string }) | undefined> {
  try {
    return { ...held, sha256: await sha256(bytesOf(held.weights, held.material.layout)) };
  } catch {
    return undefined;
  }
}
