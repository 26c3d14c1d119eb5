import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { UserError } from '../../shared/user-error.js';
import { temporaryFolder } from '../../test/support/cluster/cluster.js';
import { credentialsOf } from './credentials.js';

async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'token');
  await writeFile(path, text);
  return path;
}

const environment = (variables: Record<string, string>) => {
  for (const name of ['SWARMGRAD_TOKEN', 'SWARMGRAD_TOKEN_FILE']) vi.stubEnv(name, variables[name]);
};

describe('the token that a command shows', () => {
  it('is that of the flag, else of the variable, else of the file that a variable names', async () => {
    const file = await fileWith('of-file\n');
    environment({ SWARMGRAD_TOKEN: 'of-variable', SWARMGRAD_TOKEN_FILE: file });
    expect(credentialsOf({ token: 'of-flag' }).token).toBe('of-flag');
    expect(credentialsOf({}).token).toBe('of-variable');
    environment({ SWARMGRAD_TOKEN: '', SWARMGRAD_TOKEN_FILE: file });
    expect(credentialsOf({}).token).toBe('of-file');
    environment({});
    expect(credentialsOf({}).token).toBeUndefined();
  });

  it('is missed with one line where the file is absent or empty', async () => {
    const empty = await fileWith('\n');
    for (const [path, problem] of [
      [empty, `SWARMGRAD_TOKEN_FILE ${empty} is empty: it must hold a token`],
      [`${empty}-absent`, `SWARMGRAD_TOKEN_FILE ${empty}-absent cannot be read: ENOENT`],
    ] as const) {
      environment({ SWARMGRAD_TOKEN_FILE: path });
      expect(() => credentialsOf({})).toThrow(UserError);
      expect(() => credentialsOf({})).toThrow(problem);
    }
  });
});
