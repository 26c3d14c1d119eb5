/** Disks that fill up or become read-only under a run: it goes on, says so, and loses nothing. */
import { execFileSync } from 'node:child_process';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readLatest } from '../../coordinator/record/checkpoint/reader.js';
import { startCoordinator } from '../../coordinator/start.js';
import type { RunEvent } from '../../shared/status/events.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { next, type SmallRun, smallRun } from '../support/cluster/small-run.js';

/** A file system of one megabyte of the test's own, or undefined where the system does not give one. */
async function smallDisk(): Promise<string | undefined> {
  const folder = await temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch {
    // No space is left.
  } finally {
    await file.close();
  }
}

const isCheckpoint = (event: RunEvent) => event.type === 'checkpoint' && event.step > 0;

/** After the disk is well again: the last checkpoint is whole, and no line of the metrics is missing. */
async function isWhole(run: SmallRun): Promise<void> {
  const { steps } = await run.stop();
  const checkpoint = await readLatest(join(run.runDir, 'checkpoints'), (text) => {
    throw new Error(text);
  });
  expect(checkpoint!.state.progress.step).toBe(steps);
  const lines = (await readFile(join(run.runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const made = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
  expect(made.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
}

const LONG = { epochs: 100_000, evaluateEvery: 1_000_000, checkpointEvery: 5, keepCheckpoints: 1 };

describe('a run', () => {
  it('goes on while its disk is full, says so, and has all of its state when there is room again', async (context) => {
    const disk = await smallDisk();
    if (!disk) return context.skip('this system lets tests mount no file system');
    const run = await smallRun({ ...LONG, runDir: join(disk, 'run') });
    run.work();
    await next(run, isCheckpoint);
    const warned = next(run, ({ type, text }) => type === 'warning' && text.includes('CHECKPOINT'));
    let isWarned = false;
    void warned.then(() => {
      isWarned = true;
    });
    // An older checkpoint that goes meanwhile makes room for one more.
    while (!isWarned) await fill(join(disk, 'filler'));
    const warning = await warned;
    expect(warning.text).toMatch(/^NO CHECKPOINT was written at step \d+: ENOSPC.*training goes on/);
    const { step } = run.status();
    await rm(join(disk, 'filler'));
    await next(run, isCheckpoint);
    expect(run.status().step).toBeGreaterThan(step);
    await isWhole(run);
  });

  it('is not resumed while its folder is read-only, and goes on once it can be written', async (context) => {
    const disk = await smallDisk();
    if (!disk) return context.skip('this system lets tests mount no file system');
    const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, disk]);
    const run = await smallRun({ ...LONG, runDir: join(disk, 'run') });
    run.work();
    await next(run, isCheckpoint);
    // A system makes nothing read-only that is open for writing.
    await run.stop();
    remount('ro');
    const resumed = startCoordinator({ runDir: run.runDir, resume: true, port: 0 });
    await expect(resumed).rejects.toThrow(/^the run's folder cannot be locked: EROFS.*; make it writable$/);
    const begun = startCoordinator({ data: 'digits', runDir: join(disk, 'another', 'run'), port: 0 });
    await expect(begun).rejects.toThrow(/^--run-dir .* cannot be used: EROFS: read-only file system/);
    remount('rw');
    await isWhole(run);
    const again = await smallRun({ runDir: run.runDir, resume: true, epochs: 200_000 } as never);
    again.work();
    await next(again, isCheckpoint);
    await isWhole(again);
    expect(await readdir(run.runDir)).not.toContain('coordinator.lock');
  });
});
