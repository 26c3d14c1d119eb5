/** A coordinator's address as people write it. */
import { describe, expect, it } from 'vitest';
import { addressesOf } from './socket.js';

describe('the address of a coordinator', () => {
  it.each([
    ['ws://host:8790', 'http://host:8790', 'ws://host:8790/swarm'],
    ['https://host', 'https://host', 'wss://host/swarm'],
    ['127.0.0.1:8790', 'http://127.0.0.1:8790', 'ws://127.0.0.1:8790/swarm'],
    ['localhost:8790', 'http://localhost:8790', 'ws://localhost:8790/swarm'],
    ['[::1]:8790', 'http://[::1]:8790', 'ws://[::1]:8790/swarm'],
    ['ws://host/train', 'http://host/train', 'ws://host/train/swarm'],
    ['wss://host/a/b/', 'https://host/a/b', 'wss://host/a/b/swarm'],
    ['host/train', 'http://host/train', 'ws://host/train/swarm'],
    ['ws://host:8790/swarm', 'http://host:8790', 'ws://host:8790/swarm'],
    ['http://host/train/join', 'http://host/train', 'ws://host/train/swarm'],
  ])('%s is %s', (written, http, swarm) => {
    expect(addressesOf(written)).toEqual({ http, swarm });
  });

  it.each([
    ['ftp://host', "ftp://host is not a coordinator's address: give ws://HOST:PORT"],
    ['', " is not a coordinator's address"],
    ['ws://host/train?run=1', 'give ws://host/train, and its token by SWARMGRAD_TOKEN'],
    ['http://host/#token=sg_secret', 'give http://host/, and its token by SWARMGRAD_TOKEN'],
    ['ws://me:secret@host/', 'give ws://host, and its token by SWARMGRAD_TOKEN'],
    ['wss://:secret@host/a', 'give wss://host/a, and its token by SWARMGRAD_TOKEN'],
    ['ws:/127.0.0.1:8790', "ws:/127.0.0.1:8790 is not a coordinator's address: give ws://HOST:PORT"],
    ['http:/host', "http:/host is not a coordinator's address"],
  ])('%j is refused, and what it should be is said', (written, words) => {
    expect(() => addressesOf(written)).toThrow(words);
  });
});
