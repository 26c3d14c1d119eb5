import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { flagOf } from '../../shared/options/read-options.js';
import { temporaryFolder } from '../../test/support/files/temporary-folder.js';
import { WORKER_OPTIONS } from '../../worker/node/options.js';
import { addCoordinatorFlags, coordinatorOptions } from './coordinator-flags.js';
import { addFlags } from './flags.js';

const root = temporaryFolder();

function parse(...args: string[]) {
  const command = addCoordinatorFlags(new Command('coordinator'));
  command.parse(args, { from: 'user' });
  return coordinatorOptions(command);
}

describe('flags', () => {
  it('are read as the options that they name; what is not given stays open', () => {
    expect(
      parse('--batch-size', '64', '--lr=0.01', '--evaluate-every', '50', '--resume', '--port', '0'),
    ).toEqual({
      batchSize: 64,
      lr: 0.01,
      evaluateEvery: 50,
      resume: true,
      port: 0,
    });
    expect(parse('--quiet', '--verbose')).toEqual({});
  });

  it('are refused by their own name', () => {
    expect(() => parse('--batch-size', '0')).toThrow(
      '--batch-size must be a whole number of at least 1, not "0"',
    );
    expect(() => parse('--shards', '-8')).toThrow('--shards must be a power of two');
  });

  it('win over the options of a file', () => {
    const path = join(root, 'run.json');
    writeFileSync(path, '{"batchSize": 32, "seed": 5}');
    expect(parse('--config', path, '--seed', '7')).toEqual({ batchSize: 32, seed: 7 });
  });

  it('of a file that cannot be read are refused in one line', () => {
    const path = join(root, 'broken.json');
    expect(() => parse('--config', path)).toThrow(/^--config .*broken.json cannot be read: ENOENT/);
    writeFileSync(path, '{"seed":');
    expect(() => parse('--config', path)).toThrow(/^--config .*broken.json cannot be read: /);
    writeFileSync(path, '{"seed": "x"}');
    expect(() => parse('--config', path)).toThrow(/broken.json: seed must be a whole number/);
  });
});

it('the help names each option with its meaning and what holds without it', () => {
  for (const block of [COORDINATOR_OPTIONS, WORKER_OPTIONS]) {
    const help = addFlags(new Command(), block).configureHelp({ helpWidth: 1000 }).helpInformation();
    for (const [name, { meaning, kind, ...spec }] of Object.entries(block)) {
      const line = help.split('\n').find((text) => text.trim().split(/ /)[0] === flagOf(name));
      expect(line).toContain(meaning);
      const otherwise = 'otherwise' in spec ? spec.otherwise : undefined;
      if (kind.placeholder !== undefined) expect(line).toContain(`(default: ${spec.default ?? otherwise})`);
    }
  }
});
