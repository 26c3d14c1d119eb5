/** A worker that may use less memory than its lanes would take, by a control group as containers have: Linux, root. */
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { coordinator, temporaryFolder, worker } from '../support/cluster/cluster.js';

/** Room for one lane of the model, its process, and what stays free (512 MiB), but not for another. */
const LIMIT_BYTES = 900 << 20;

/** Where control groups for memory are made, and what their limit is called: the two versions that there are. */
const KINDS = [
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ['/sys/fs/cgroup', 'memory.max'],
] as const;

/** @returns the folder of a group with the limit; undefined where none can be made */
function limitedGroup(): string | undefined {
  for (const [folder, limit] of KINDS) {
    const group = join(folder, `swarmgrad-test-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(group, limit), String(LIMIT_BYTES), { flag: 'r+' });
      return group;
    } catch {
      rmdirSync(group);
    }
  }
  return undefined;
}

const group = limitedGroup();
if (!group) console.log('skipped: a limit of memory needs a control group that may be made here');

describe.skipIf(!group)('a worker with less memory than its lanes would take', () => {
  it('has fewer, says so, and computes', async () => {
    const cluster = await coordinator(
      await temporaryFolder(),
      ...[
        '--data',
        'digits?train=64&test=16',
        '--model',
        'mlp:2048,2048',
        '--batch-size',
        '64',
        '--steps',
        '2',
      ],
    );
    const program = worker(cluster.url, '--lanes', '8', '--engine', 'compiled/cpu');
    writeFileSync(join(group!, 'cgroup.procs'), String(program.pid));
    onTestFinished(async () => {
      program.child.kill('SIGKILL');
      await program.ended;
      rmdirSync(group!);
    });
    await program.line(/[1-7] of 8 lanes: another one needs about \d+ MB; .* 537 MB stay free/);
    expect(await program.ended).toBe(0);
    expect(program.stdout + program.stderr).toMatch(/done: the run has finished; \d+ samples computed/);
  });
});
