/** What a worker expects of a connection to its coordinator. The far end is the server of `socket-server.ts`. */
import type { Connection, ConnectionEvents } from '../../worker/connection.js';
import { type Contract, equal } from './contract.js';

export interface ConnectionSubject {
  /** `ws://HOST:PORT`; what the far end does is told by the path. */
  url: string;
  dial(url: string, events: ConnectionEvents): Connection;
}

/** Everything that a connection tells, as it comes. */
class Recorder implements ConnectionEvents {
  readonly heard: string[] = [];
  readonly messages: Uint8Array[] = [];
  private waiting: (() => void)[] = [];

  opened = () => this.tell('opened');
  received = (bytes: Uint8Array) => {
    this.messages.push(bytes.slice());
    this.tell('received');
  };
  closed = (code: number, reason: string) => this.tell(`closed ${code} ${reason}`);

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private tell(what: string): void {
    this.heard.push(what);
    for (const resume of this.waiting.splice(0)) resume();
  }
}

const CHUNK_BYTES = 512 * 1024;
const isClosed = (recorder: Recorder) => () => recorder.heard.some((what) => what.startsWith('closed'));

export const connectionContract: Contract<ConnectionSubject> = {
  'carries bytes both ways, whole and in order': async ({ url, dial }) => {
    const recorder = new Recorder();
    const connection = dial(`${url}/echo`, recorder);
    await recorder.until(() => recorder.heard.includes('opened'));
    for (let i = 0; i < 50; i++) connection.socket.send(Uint8Array.of(i, 200, 255));
    await recorder.until(() => recorder.messages.length === 50);
    equal(
      recorder.messages.map((bytes) => Array.from(bytes)),
      Array.from({ length: 50 }, (_, i) => [i, 200, 255]),
    );
    connection.close(4001, 'done');
    await recorder.until(isClosed(recorder));
    equal(recorder.heard.at(-1), 'closed 4001 done');
  },

  'says when bytes have left, so that their memory can be used again': async ({ url, dial }) => {
    const recorder = new Recorder();
    const connection = dial(`${url}/echo`, recorder);
    await recorder.until(() => recorder.heard.includes('opened'));
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let i = 0; i < 16; i++) {
      buffer.fill(i);
      await new Promise<void>((resolve) => connection.socket.send(buffer, resolve));
    }
    await recorder.until(() => recorder.messages.length === 16);
    equal(
      recorder.messages.map((bytes) => bytes.every((byte) => byte === bytes[0]) && bytes[0]),
      Array.from({ length: 16 }, (_, i) => i),
    );
    equal(connection.socket.bufferedBytes(), 0);
    connection.close(4001, 'done');
    await recorder.until(isClosed(recorder));
  },

  'tells the far end\u2019s close code and reason': async ({ url, dial }) => {
    const recorder = new Recorder();
    dial(`${url}/refuse`, recorder);
    await recorder.until(isClosed(recorder));
    equal(recorder.heard, ['opened', 'closed 4404 another engine class is wanted']);
  },

  'is told closed, once, when the far end is cut off': async ({ url, dial }) => {
    const recorder = new Recorder();
    const connection = dial(`${url}/vanish`, recorder);
    await recorder.until(isClosed(recorder));
    connection.socket.send(Uint8Array.of(1));
    connection.close(4001, 'too late');
    equal(
      recorder.heard.map((what) => what.slice(0, 11)),
      ['opened', 'closed 1006'],
    );
  },

  'is told closed, without being opened, where nobody listens': async ({ dial }) => {
    const recorder = new Recorder();
    dial('ws://127.0.0.1:9', recorder);
    await recorder.until(isClosed(recorder));
    equal(
      recorder.heard.map((what) => what.slice(0, 11)),
      ['closed 1006'],
    );
  },
};
