import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaultyDisk } from '../../../test/support/files/faulty-disk.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { firstGeneration } from './generation.js';
import { type LockPaths, RunLock } from './run-lock.js';

async function setUp() {
  const dir = await temporaryFolder();
  const paths = { lock: join(dir, 'coordinator.lock'), generation: join(dir, 'generation.json') };
  const told: string[] = [];
  return { dir, paths, told, tell: (text: string) => told.push(text) };
}

/** Of a lock that this process has taken and released. */
async function ownerOf(paths: LockPaths, tell: (text: string) => void) {
  const lock = new RunLock();
  await lock.acquire(paths, tell);
  const owner = await ownerIn(paths.lock);
  await lock.release();
  return owner;
}

const ownerIn = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe('the lock of a run', () => {
  it('is refused while its owner lives, who is named', async () => {
    const { paths, tell } = await setUp();
    const [first, second] = [new RunLock(), new RunLock()];
    await first.acquire(paths, tell);
    await expect(second.acquire(paths, tell)).rejects.toThrow(
      new RegExp(
        `another coordinator \\(process ${process.pid} on \\S+, since .*\\) has this run: stop it first`,
      ),
    );
    await first.check();
    await first.release();
    await second.acquire(paths, tell);
    await second.release();
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'is had at once of an owner that was killed, though its parent has not heard of that',
    async () => {
      const { paths, tell } = await setUp();
      // The child's parent becomes a program that never asks for it.
      const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const [said] = await once(parent.stdout, 'data');
        const pid = Number(said);
        const statOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
        const owner = { ...(await ownerOf(paths, tell)), pid, began: statOf()[19]! };
        await writeFile(paths.lock, JSON.stringify(owner));
        await expect(new RunLock().acquire(paths, tell)).rejects.toThrow(/has this run: stop it first/);
        process.kill(pid, 'SIGKILL');
        await vi.waitUntil(() => statOf()[0] === 'Z');
        const next = new RunLock();
        await next.acquire(paths, tell);
        await next.release();
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it('counts the starts of the run, and keeps its id', async () => {
    const { paths, tell } = await setUp();
    const generations = [];
    for (let i = 0; i < 3; i++) {
      const lock = new RunLock();
      generations.push(await lock.acquire(paths, tell));
      await lock.release();
    }
    expect(generations.map(({ generation }) => generation)).toEqual([1, 2, 3]);
    expect(new Set(generations.map(({ run }) => run)).size).toBe(1);
  });

  it.each(['', '{}', '{"run":"a","generation":"1"}', '{"run":"","generation":1}', '7'])(
    'of a run whose number of starts is damaged (%s) goes on as a new one, and says so',
    async (text) => {
      const { paths, told, tell } = await setUp();
      await writeFile(paths.generation, text);
      const lock = new RunLock();
      const generation = await lock.acquire(paths, tell);
      expect(generation).toEqual({ run: expect.stringMatching(/^[0-9a-f-]{36}$/), generation: 1 });
      expect(JSON.parse(await readFile(paths.generation, 'utf8'))).toEqual(generation);
      expect(told).toEqual([expect.stringContaining('generation.json is damaged')]);
      await lock.release();
    },
  );

  it.each([
    ['{"run":"a","epoch":4}', { run: 'a', generation: 5 }],
    ['{"run":"a","epoch":"4"}', { run: expect.stringMatching(/^[0-9a-f-]{36}$/), generation: 1 }],
  ])(
    'of a run that an earlier version has led goes on counting from its epoch.json (%s)',
    async (text, next) => {
      const { dir, paths, told, tell } = await setUp();
      await writeFile(join(dir, 'epoch.json'), text);
      const first = new RunLock();
      const taken = await first.acquire(paths, tell);
      expect(taken).toEqual(next);
      expect(told.length).toBe(next.generation === 1 ? 1 : 0);
      await first.release();
      // From then on generation.json counts alone.
      const second = new RunLock();
      expect(await second.acquire(paths, tell)).toEqual({ run: taken.run, generation: next.generation + 1 });
      await second.release();
    },
  );

  it('of a new run counts from one, whatever another has left', async () => {
    const { paths, tell } = await setUp();
    await writeFile(paths.generation, '{"run":"another","generation":7}');
    const [lock, first] = [new RunLock(), firstGeneration()];
    expect(await lock.acquire(paths, tell, first)).toEqual(first);
    await lock.release();
  });

  it('that a full disk does not take tells what to do', async () => {
    const { dir, paths, tell } = await setUp();
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    faulty.fails = () => 'ENOSPC';
    await expect(new RunLock().acquire(paths, tell)).rejects.toThrow(
      /cannot be locked: ENOSPC.*; make room$/,
    );
  });

  it('that is taken from a dead owner while the disk fails at any call is free for the next, and leaves nothing', async () => {
    const { dir, paths, tell } = await setUp();
    const dead = await ownerOf(paths, tell);
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    for (let failing = 0, isTaken = false; !isTaken; failing++) {
      await writeFile(paths.lock, JSON.stringify({ ...dead, id: `dead ${failing}`, began: '1' }));
      const first = faulty.calls.length;
      faulty.fails = (call) => (call === first + failing ? 'EIO' : undefined);
      const lock = new RunLock();
      isTaken = await lock.acquire(paths, tell).then(
        () => true,
        () => false,
      );
      await lock.release();
      faulty.fails = () => undefined;
      const next = new RunLock();
      await next.acquire(paths, tell);
      await next.release();
      if (failing > 200) throw new Error('nobody has taken it');
    }
    // But for a temporary file, where the call that fails is the one that removes it.
    const left = (await readdir(dir)).filter((name) => !name.endsWith('.tmp'));
    expect(left).toEqual(['generation.json']);
  });

  it('is taken over at once when the process that had it is dead', async () => {
    const { paths, told, tell } = await setUp();
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const lock = new RunLock();
    await lock.acquire(paths, tell);
    await writeFile(paths.lock, JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'old', pid: dead.pid }));
    const next = new RunLock();
    expect((await next.acquire(paths, tell)).generation).toBe(2);
    expect(told).toEqual([]);
    await next.release();
  });

  it('is taken over when the process id belongs to another process by now', async () => {
    const { paths, tell } = await setUp();
    const lock = new RunLock();
    await lock.acquire(paths, tell);
    await writeFile(paths.lock, JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'old', began: '1' }));
    const next = new RunLock();
    await next.acquire(paths, tell);
    await next.release();
  });

  it('is taken over from another machine only when nobody touches it for a while', {
    timeout: 30_000,
  }, async () => {
    const { paths, told, tell } = await setUp();
    const lock = new RunLock();
    await lock.acquire(paths, tell);
    await writeFile(
      paths.lock,
      JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'old', host: 'moon', place: 'moon' }),
    );
    // The owner there touches it; what its clock says does not matter.
    const beat = setInterval(
      () => void utimes(paths.lock, 1, Math.random() * 1e9).catch(() => undefined),
      200,
    );
    await expect(new RunLock().acquire(paths, tell)).rejects.toThrow(/on moon/);
    clearInterval(beat);
    const next = new RunLock();
    await next.acquire(paths, tell);
    expect(told.at(-1)).toContain('last led from moon');
    await next.release();
  });

  it('tells an owner that was frozen and has been replaced, once', async () => {
    const { paths, tell } = await setUp();
    const frozen = new RunLock();
    await frozen.acquire(paths, tell);
    const lost: Error[] = [];
    frozen.lost.addEventListener('abort', () => lost.push(frozen.lost.reason));
    await writeFile(paths.lock, JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'new' }));
    await expect(frozen.check()).rejects.toThrow('another coordinator has taken over this run');
    await frozen.check();
    await frozen.release();
    expect(lost).toEqual([new Error(`another coordinator has taken over this run (${paths.lock})`)]);
    // What is not one's own stays.
    expect((await ownerIn(paths.lock)).id).toBe('new');
  });

  it.each(['dead', 'damaged'])('is had by one of many that find it %s at the same time', async (how) => {
    const { dir, paths, tell } = await setUp();
    const dead = JSON.stringify({ ...(await ownerOf(paths, tell)), began: '1' });
    for (let time = 0; time < 20; time++) {
      await writeFile(paths.lock, how === 'dead' ? dead : '');
      const locks = Array.from({ length: 8 }, () => new RunLock());
      const results = await Promise.allSettled(locks.map((lock) => lock.acquire(paths, tell)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await Promise.all(locks.map((lock) => lock.release()));
      expect(await readdir(dir)).toEqual(['generation.json']);
    }
  });

  it('cannot be had where the folder is none, in one line', async () => {
    const { dir, tell } = await setUp();
    await writeFile(join(dir, 'file'), '');
    const paths = { lock: join(dir, 'file', 'lock'), generation: join(dir, 'file', 'generation') };
    await expect(new RunLock().acquire(paths, tell)).rejects.toThrow(
      /^the run's folder cannot be locked: .*ENOTDIR/,
    );
  });
});
