import { describe, expect, it } from 'vitest';
import { closeText } from '../../protocol/close-codes.js';
import { refuseOtherModule } from './model-module.js';

const wanted = { name: 'tree-rnn.mjs', sha256: 'ab'.repeat(32) };

describe('a worker', () => {
  it('takes part in a run of layers with or without a module, and in one of a module with the same one', () => {
    refuseOtherModule(undefined, undefined);
    refuseOtherModule(undefined, wanted);
    refuseOtherModule(wanted, { ...wanted, name: 'mine.mjs' });
  });

  it('without the module, or with another one, is told what to give, and so is its coordinator', () => {
    const refusal = (held?: typeof wanted) => {
      try {
        refuseOtherModule(wanted, held);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const lacks = refusal();
    expect(lacks).toBe(
      'the model is a program, which only Node workers with its file compute: --model-file tree-rnn.mjs (SHA-256 abababababab...) is missing',
    );
    expect(closeText(lacks)).toContain('--model-file tree-rnn.mjs');
    expect(refusal({ name: 'mine.mjs', sha256: 'cd'.repeat(32) })).toBe(
      "--model-file mine.mjs has SHA-256 cdcdcdcdcdcd..., the run's tree-rnn.mjs has abababababab...: copy the coordinator's file",
    );
  });
});
