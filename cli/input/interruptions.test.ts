import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Interrupted, interrupted } from './interruptions.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function subject() {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const exits: number[] = [];
  const first = interrupted(streams as unknown as NodeJS.Process, (code) => void exits.push(code));
  return { ...streams, exits, first };
}
const gone = (code: string) => Object.assign(new Error(code), { code });

describe('an interruption', () => {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  afterEach(() => {
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal))
        if (!before.get(signal)!.includes(listener)) process.removeListener(signal, listener);
    }
  });

  it.each([...SIGNALS])('by %s asks for a clean end first', async (signal) => {
    const { first, exits } = subject();
    process.emit(signal, signal);
    expect(await first).toBe(signal);
    expect(exits).toEqual([]);
  });

  it('by Ctrl-C or SIGTERM again ends at once', async () => {
    const { first, exits } = subject();
    process.emit('SIGHUP', 'SIGHUP');
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    expect(await first).toBe('SIGHUP');
    expect(exits).toEqual([143, 130]);
  });

  it('by a terminal that is closed is one, however often it is told', async () => {
    const { first, exits, stderr } = subject();
    process.emit('SIGHUP', 'SIGHUP');
    process.emit('SIGHUP', 'SIGHUP');
    stderr.emit('error', gone('EIO'));
    expect(await first).toBe('SIGHUP');
    expect(exits).toEqual([]);
  });

  it.each(['stdout', 'stderr'] as const)('by a reader of %s that is gone is one, once', async (name) => {
    const { first, exits, ...streams } = subject();
    streams[name].emit('error', gone('EPIPE'));
    streams[name].emit('error', gone('EPIPE'));
    expect(await first).toBe('SIGPIPE');
    expect(exits).toEqual([]);
    expect(new Interrupted('SIGPIPE').exitCode).toBe(141);
  });
});
