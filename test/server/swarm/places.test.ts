/** Whoever has shown nothing takes no place of those that take part, and holds no memory. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Places } from '../../../coordinator/server/access/places.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { edge } from '../../support/cluster/edge.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';

const LIMITS = { maxConnections: 1024, maxConnectionsPerAddress: 256 };
const WORKER = { id: '1', role: 'worker', name: 'workers' } as const;
/** How many of `count` visitors from as many networks find a place. */
const found = (places: Places, kind: Parameters<Places['take']>[0], count: number) =>
  Array.from({ length: count }, (_, at) => places.take(kind, `10.${at >> 8}.${at & 255}.1`)).filter(Boolean)
    .length;

describe('places', () => {
  it('of strangers are few, and take none of the others', () => {
    const places = new Places(LIMITS, 'tokens');
    expect(found(places, 'stranger', 5000)).toBe(256);
    expect(found(places, 'trusted', 2000)).toBe(1024);
    expect(places.total).toBe(256 + 1024);
  });

  it('are kept for those with trusted tokens: guests cannot take them all', () => {
    const places = new Places(LIMITS, 'tokens');
    expect(found(places, 'guest', 2000)).toBe(768);
    expect(found(places, 'trusted', 2000)).toBe(256);
    expect(found(new Places(LIMITS, 'none'), 'guest', 2000)).toBe(1024);
  });

  it('of one address are bounded for each kind by itself, and are free again once', () => {
    const places = new Places(LIMITS, 'tokens');
    const all = Array.from({ length: 300 }, () => places.take('stranger', '2001:db8::1'));
    expect(all.filter(Boolean)).toHaveLength(64);
    expect(places.take('stranger', '2001:db8::2')).toBeUndefined();
    all[0]!();
    all[0]!();
    expect(places.take('stranger', '2001:db8::2')).toBeDefined();
    expect(places.take('stranger', '2001:db8::2')).toBeUndefined();
    expect(places.take('trusted', '2001:db8::1')).toBeDefined();
  });
});

describe('strangers that never join', () => {
  it('do not keep out a worker that shows its token', async () => {
    const { url, counts } = await edge({ asks: true }, WORKER);
    const strangers = await Promise.all(
      Array.from({ length: 100 }, () => RawWorker.connect(url).catch(() => undefined)),
    );
    expect(strangers.filter(Boolean)).toHaveLength(64);
    expect(counts.closed.get('tooManyStrangers')).toBe(36);
    const worker = await RawWorker.connect(url, { Authorization: 'Bearer sg_right' });
    worker.join();
    await worker.next('welcome');
  });

  it('leave their place when they join, and get none where all are taken', async () => {
    const limits = { maxConnections: 1, maxConnectionsPerAddress: 256 };
    const { url, counts } = await edge({ limits });
    const first = await RawWorker.connect(url);
    first.join();
    await first.next('welcome');
    const second = await RawWorker.connect(url);
    second.join();
    expect(await second.closed).toMatchObject({ code: CLOSE.tooManyConnections.code });
    expect(counts.closed.get('tooManyConnections')).toBe(1);
  });

  it('are cut off when they send more than a join takes, though no message of theirs is whole', async () => {
    const { url, counts } = await edge();
    const stranger = await RawWorker.connect(url);
    const socket = (stranger.ws as unknown as { _socket: Socket })._socket;
    // The beginning of a frame of 600,000 bytes.
    socket.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 9, 0x27, 0xc0, 0, 0, 0, 0]));
    socket.write(new Uint8Array(20_000));
    expect((await stranger.closed).code).toBe(1009);
    expect(counts.closed.get('messageTooLong')).toBe(1);
    const worker = await RawWorker.connect(url);
    worker.join();
    await worker.next('welcome');
    // Once it has joined it may: the message is read, and found to come too early.
    const frame = new Uint8Array(500_016);
    frame.set([1, 1, 0, 0, 0, 0, 0, 0, 0x20, 0xa1, 7, 0]);
    worker.ws.send(frame);
    expect(await worker.closed).toMatchObject({ code: CLOSE.unexpected.code });
  });
});
