/** A coordinator that has said its last word, and whose machine is gone before the line was closed. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { frame } from '../../websocket/fixtures/frames.js';
import { TRANSPORTS } from '../../websocket/transport.js';
import type { ConnectionEvents } from '../connection.js';
import { unlessSilent } from '../silence.js';
import { dial } from './socket.js';

const FINISHED = frame({
  opcode: 8,
  payload: Buffer.from([0x0f, 0xa0, ...Buffer.from('the run has finished')]),
});

afterEach(() => void vi.useRealTimers());

describe('the last word of a coordinator', () => {
  it.each(TRANSPORTS)('is heard by %s though the line is never closed', async (transport) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const lines: Duplex[] = [];
    onTestFinished(() => {
      for (const line of lines) line.destroy();
      server.close();
    });
    server.on('headers', (_headers, { socket }) => lines.push(socket));
    const told = new Promise((resolve) => {
      const nothing = () => undefined;
      const events: ConnectionEvents = {
        opened: nothing,
        received: nothing,
        closed: (code, reason) => resolve({ code, reason }),
      };
      const { port } = server.address() as AddressInfo;
      const lost = (why: string) => resolve(why);
      dial(`ws://127.0.0.1:${port}/swarm`, unlessSilent(events, lost), { transport });
    });
    await once(server, 'connection');
    const [line] = lines;
    // What the worker answers is heard, and nothing is done about it.
    line!.removeAllListeners('data').removeAllListeners('end').resume();
    line!.write(FINISHED);
    await once(line!, 'data');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await told).toEqual({ code: 4000, reason: 'the run has finished' });
  });
});
