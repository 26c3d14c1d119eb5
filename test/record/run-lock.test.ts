import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunLock } from '../../coordinator/record/run-lock.js';
import { temporaryFolder } from './temporary-folder.js';

async function setUp() {
  const dir = await temporaryFolder();
  const paths = { lock: join(dir, 'coordinator.lock'), fence: join(dir, 'epoch.json') };
  const told: string[] = [];
  return { dir, paths, told, tell: (text: string) => told.push(text) };
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

  it('counts the starts of the run, and keeps its id', async () => {
    const { paths, tell } = await setUp();
    const fences = [];
    for (let i = 0; i < 3; i++) {
      const lock = new RunLock();
      fences.push(await lock.acquire(paths, tell));
      await lock.release();
    }
    expect(fences.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(new Set(fences.map(({ run }) => run)).size).toBe(1);
  });

  it('is taken over at once when the process that had it is dead', async () => {
    const { paths, told, tell } = await setUp();
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const lock = new RunLock();
    await lock.acquire(paths, tell);
    await writeFile(paths.lock, JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'old', pid: dead.pid }));
    const next = new RunLock();
    expect((await next.acquire(paths, tell)).epoch).toBe(2);
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
    const lost: string[] = [];
    frozen.onLost = (why) => lost.push(why);
    await writeFile(paths.lock, JSON.stringify({ ...(await ownerIn(paths.lock)), id: 'new' }));
    await expect(frozen.check()).rejects.toThrow('another coordinator has taken over this run');
    await frozen.check();
    await frozen.release();
    expect(lost).toHaveLength(1);
    // What is not one's own stays.
    expect((await ownerIn(paths.lock)).id).toBe('new');
  });

  it('is had by one of many that want it at the same time', async () => {
    const { paths, tell } = await setUp();
    await writeFile(paths.lock, 'a lock that a crash has damaged');
    const locks = Array.from({ length: 8 }, () => new RunLock());
    const results = await Promise.allSettled(locks.map((lock) => lock.acquire(paths, tell)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it('cannot be had where the folder is none, in one line', async () => {
    const { dir, tell } = await setUp();
    await writeFile(join(dir, 'file'), '');
    const paths = { lock: join(dir, 'file', 'lock'), fence: join(dir, 'file', 'fence') };
    await expect(new RunLock().acquire(paths, tell)).rejects.toThrow(
      /^the run's folder cannot be locked: .*ENOTDIR/,
    );
  });
});
