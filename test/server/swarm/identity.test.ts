/** Who is banned is whoever it was: behind a proxy, with any name, and with any address of an IPv6 network. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientsBehind } from '../../../coordinator/server/network/clients.js';
import { identityOf } from '../../../coordinator/server/network/identity.js';
import { OpenCount } from '../../../coordinator/server/network/limits.js';
import { sharedAddressNote, unnamedProxy } from '../../../coordinator/server/network/shared-address.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { edge } from '../../support/cluster/edge.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';

describe('behind a reverse proxy', () => {
  it('a ban is of the address that the proxy tells: another name does not evade it, and no other guest bears it', async () => {
    const { url, trust, core } = await edge(
      { clients: clientsBehind('127.0.0.1') },
      { id: '1', role: 'volunteer', name: 'guests' },
    );
    const guest = (name: string, address: string) =>
      RawWorker.connect(url, { 'X-Forwarded-For': address }).then((worker) => {
        worker.join({ name });
        return worker;
      });
    const liar = await guest('guest-a', '203.0.113.7');
    const honest = await guest('guest-b', '198.51.100.20');
    await Promise.all([liar.next('welcome'), honest.next('welcome')]);
    const identity = 'guests@203.0.113.7';
    trust.ban({ identity, name: 'guest-a', step: 1, why: 'wrong' });
    core.swarm.disconnections.refuseBanned(identity, 'wrong');
    expect((await liar.closed).code).toBe(CLOSE.banned.code);
    for (const name of ['guest-a', 'guest-b', 'anyone']) {
      const again = await guest(name, '203.0.113.7');
      expect((await again.closed).code, name).toBe(CLOSE.banned.code);
    }
    // Neither the name of an honest guest nor that of the liar says who somebody is.
    const namesake = await guest('guest-a', '192.0.2.99');
    await namesake.next('welcome');
    expect(honest.ws.readyState).toBe(honest.ws.OPEN);
  });
});

describe('a header that a proxy passes on', () => {
  it('holds what is an address to one parser and not to another: nothing but that visit is affected', async () => {
    // Of two proxies the first adds nothing, or guests are in its network: then the header is the visitor's.
    const { url } = await edge({ clients: clientsBehind('127.0.0.1') });
    for (const address of [
      '::1.2.3.4',
      'b::7%f7:x1.fg',
      '1::1.2.3.4',
      '0x7f.1',
      'fe80::1%',
      '%',
      '[::1.2.3.4]:80',
    ]) {
      const passedOn = { 'X-Forwarded-For': address };
      expect((await fetch(`${url}/healthz`, { headers: passedOn })).status, address).toBe(200);
      const guest = await RawWorker.connect(url, passedOn);
      guest.join();
      await guest.next('welcome');
    }
  });

  it('meets a defect of ours: its request ends, is told of, and the coordinator lives', async () => {
    const broken = {
      ...clientsBehind('127.0.0.1'),
      addressOf: ({ headers }: IncomingMessage): string => {
        if (headers['x-forwarded-for'] === 'odd') throw new TypeError('a defect');
        return '203.0.113.7';
      },
      isSecure: ({ headers }: IncomingMessage): boolean => {
        if (headers['x-forwarded-for'] === 'odd') throw new TypeError('a defect');
        return false;
      },
    };
    const { url, events } = await edge({ clients: broken });
    await expect(RawWorker.connect(url, { 'X-Forwarded-For': 'odd' })).rejects.toThrow();
    await expect(fetch(`${url}/healthz`, { headers: { 'X-Forwarded-For': 'odd' } })).rejects.toThrow();
    expect(events.filter(({ text }) => text.includes('a defect; please report this'))).toHaveLength(2);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('whose address is not their own', () => {
  it('are told of at the start in a container, unless a proxy is named or nobody comes from elsewhere', () => {
    expect(sharedAddressNote({ host: '0.0.0.0' }, true)).toContain("gateway's address");
    expect(sharedAddressNote({ host: '0.0.0.0' }, false)).toBeUndefined();
    expect(sharedAddressNote({ host: '127.0.0.1' }, true)).toBeUndefined();
    expect(sharedAddressNote({ host: '0.0.0.0', trustedProxy: '172.17.0.1' }, true)).toBeUndefined();
  });

  it('are told of once when a proxy passes them on that was not named', async () => {
    const { url, events } = await edge();
    const passedOn = { 'X-Forwarded-For': '203.0.113.7' };
    for (let visit = 0; visit < 3; visit++) await fetch(`${url}/healthz`, { headers: passedOn });
    await RawWorker.connect(url, passedOn);
    const told = events.filter(({ text }) => text.includes('--trusted-proxy 127.0.0.1'));
    expect(told).toHaveLength(1);
  });

  it('are not told of by what a stranger writes into a header', () => {
    const stranger = { socket: { remoteAddress: '203.0.113.7' }, headers: { 'x-forwarded-for': '1.1.1.1' } };
    expect(unnamedProxy(stranger as never, () => false)).toBeUndefined();
  });
});

describe('an address', () => {
  it('stands for its IPv6 network of 64 bits: in bans and in what may be open', () => {
    const all = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:0DB8:0001:0002:0:0:0:3'];
    expect(new Set(all.map((address) => identityOf('name', address, 'guests'))).size).toBe(1);
    expect(identityOf('name', '2001:db8:1:3::1')).not.toBe(identityOf('name', '2001:db8:1:2::1'));
    const open = new OpenCount(100, 2);
    expect(all.map((address) => typeof open.open(address))).toEqual(['function', 'function', 'undefined']);
    expect(typeof open.open('2001:db8:1:3::1')).toBe('function');
  });

  it('of IPv4 is the same in whatever form it is told, and its neighbors are others', () => {
    expect(identityOf('name', '::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(identityOf('name', '::ffff:a00:1')).toBe('10.0.0.1');
    expect(identityOf('name', '10.0.0.2')).toBe('10.0.0.2');
  });

  it('of this machine is everybody: there the name counts, in each of its forms', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', ''])
      expect(identityOf('name', address, 'token')).toBe('token@name (local)');
  });

  it("of another is nobody's name: who is called so here is not banned in its place, nor it for what that one did", () => {
    for (const victim of ['203.0.113.7', '2001:db8:1:2::1'])
      for (const token of ['guests', undefined]) {
        const identity = identityOf('victim', victim, token);
        for (const name of [identity, identity.split('@').at(-1)!, victim])
          for (const address of ['127.0.0.1', ''])
            expect(identityOf(name, address, token === name ? undefined : token)).not.toBe(identity);
        expect(identityOf(identity, '127.0.0.1')).not.toBe(identity);
      }
  });
});
