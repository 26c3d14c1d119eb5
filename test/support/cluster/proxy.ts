/** Stands between a browser and a coordinator: counts what is fetched, and cuts connections like a bad network. */
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface Proxy {
  url: string;
  /** Paths asked for so far. */
  requested: string[];
  /** Ends every connection at once, without a goodbye. */
  cut(): void;
  /** From now on nothing that a socket's client sends arrives; what is sent to it still does. */
  hold(): void;
  /** Bytes that clients of WebSockets were sent so far. */
  sentBytes(): number;
}

/** What goes through it arrives so much later. */
const delayed = (ms: number) =>
  new Transform({
    transform(bytes, _encoding, done) {
      setTimeout(done, ms, null, bytes);
    },
  });

interface ProxyOptions {
  /** Under which the coordinator is then, all of it. */
  path?: string;
  /** How long a socket's messages take each way: who waits for them leaves the processors to others. */
  delayMs?: number;
  /** Called when it may end; by default after the test. */
  onEnd?: (end: () => unknown) => void;
}

export async function proxyTo(
  target: string,
  { path = '', delayMs = 0, onEnd = onTestFinished as never }: ProxyOptions = {},
): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const requested: string[] = [];
  const sockets = new Set<Socket>();
  let sent = 0;
  const clients = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((incoming, outgoing) => {
    requested.push(incoming.url!);
    const { method, headers } = incoming;
    if (!incoming.url!.startsWith(`${path}/`)) return void outgoing.writeHead(404).end('nothing is here');
    const url = incoming.url!.slice(path.length);
    const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connection', track);
  server.on('upgrade', ({ url, headers }, socket: Socket, head) => {
    const upstream = connect(Number(port), hostname, () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      upstream.write(`GET ${url!.slice(path.length)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.on('data', (bytes) => {
        sent += bytes.length;
      });
      if (delayMs > 0) {
        upstream.pipe(delayed(delayMs)).pipe(socket);
        socket.pipe(delayed(delayMs)).pipe(upstream);
      } else {
        upstream.pipe(socket);
        socket.pipe(upstream);
      }
      clients.add(socket);
    });
    // Whoever is gone is gone, whatever of it is on hold.
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    track(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const hold = () => {
    for (const client of clients) client.unpipe().resume();
  };
  onEnd(() => {
    cut();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    requested,
    cut,
    hold,
    sentBytes: () => sent,
  };
}
